import type { CategoryChoice } from '../../../database/dashboard/judging-shapes.ts';

/** So many choices are shown. */
const most = 8;

/** Those whose path holds every word that was typed; the shortest paths first where the last part matches. */
export function matching(choices: readonly CategoryChoice[], typed: string): CategoryChoice[] {
  const words = typed
    .toLowerCase()
    .split(/[\s>›]+/)
    .filter(Boolean);
  if (words.length === 0) return choices.slice(0, most);
  const found: { choice: CategoryChoice; rank: number }[] = [];
  for (const choice of choices) {
    const path = choice.path.toLowerCase();
    if (!words.every((word) => path.includes(word))) continue;
    const last = path
      .slice(path.lastIndexOf(' > ') + 1)
      .trim()
      .replace(/^> /, '');
    const rank = words.some((word) => last.startsWith(word))
      ? 0
      : words.some((word) => last.includes(word))
        ? 1
        : 2;
    found.push({ choice, rank });
  }
  found.sort((a, b) => a.rank - b.rank || a.choice.path.length - b.choice.path.length);
  return found.slice(0, most).map(({ choice }) => choice);
}
