/** What a prompt of prompt.ts asks, read back from its text alone, as a model would have to. */
export interface Asked {
  categories: { id: number; path: string[] }[];
  /** Names as the prompt shows them, in order. */
  names: string[];
  /** Whether 0, "none of these", is an answer. */
  noneOffered: boolean;
}

function block(text: string, tag: string): string[] {
  const found = new RegExp(`^<${tag}>\\n([\\s\\S]*?)\\n</${tag}>$`, 'm').exec(text);
  return found?.[1]?.split('\n') ?? [];
}

/** Reads system and user message of a prompt, joined by a line break. Text of another form gives empty lists. */
export function readPrompt(text: string): Asked {
  const categories: Asked['categories'] = [];
  const path: string[] = [];
  for (const line of block(text, 'categories')) {
    const parts = /^( *)([^|]*)(?:\|(\d+))?$/.exec(line);
    if (!parts) continue;
    const [, indent = '', name = '', id] = parts;
    path.length = indent.length;
    path.push(name);
    if (id !== undefined) categories.push({ id: Number(id), path: [...path] });
  }
  const names = block(text, 'names').map((line) => {
    const quoted: unknown = JSON.parse(line.slice(line.indexOf(' ') + 1));
    return typeof quoted === 'string' ? quoted : '';
  });
  return { categories, names, noneOffered: text.includes('the id is 0') };
}
