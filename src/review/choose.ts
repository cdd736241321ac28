import type { Keys } from './keys.ts';

/** Categories shown for what was typed. */
const shown = 20;

export interface Choice {
  category_id: number;
  path: string;
}

/**
 * Paths that hold every typed word, in any case; those whose last name starts with the text come first, then the
 * shorter ones.
 */
export function matching(paths: readonly Choice[], typed: string): Choice[] {
  const text = typed.toLowerCase();
  const words = text.split(/\s+/).filter((word) => word !== '' && word !== '>');
  if (words.length === 0) return [];
  const rank = ({ path }: Choice) => {
    const last = path.slice(path.lastIndexOf(' > ') + 3).toLowerCase();
    return path.toLowerCase() === text || last.startsWith(text) ? 0 : 1;
  };
  return paths
    .filter(({ path }) => words.every((word) => path.toLowerCase().includes(word)))
    .sort((a, b) => rank(a) - rank(b) || a.path.length - b.path.length || (a.path < b.path ? -1 : 1));
}

/**
 * Lets a person choose a category: a number of the list on the screen, or a part of a path, which makes a new list.
 *
 * @param first the list to begin with
 * @returns null where he went back with an empty line
 */
export async function chooseCategory(
  keys: Keys,
  write: (text: string) => void,
  paths: readonly Choice[],
  first: readonly Choice[],
): Promise<Choice | null> {
  let list = first;
  for (;;) {
    write('a number, or a part of a path; an empty line goes back\n');
    const typed = await keys.line();
    if (typed === null || typed === '') return null;
    if (/^\d+$/.test(typed)) {
      const chosen = list[Number(typed) - 1];
      if (chosen !== undefined) return chosen;
      write(`there is no ${typed} in the list\n`);
      continue;
    }
    const found = matching(paths, typed);
    list = found.slice(0, shown);
    write(list.map(({ path }, i) => `  ${String(i + 1).padStart(2)} ${path}\n`).join(''));
    if (found.length > shown) write(`  and ${found.length - shown} more: type more of it\n`);
    if (found.length === 0) write(`no category in use has "${typed}" in its path\n`);
  }
}
