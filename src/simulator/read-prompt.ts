/** What a prompt of prompt.ts asks, read back from its text alone, as a model would have to. */
export interface Asked {
  categories: { id: number; path: string[] }[];
  /** Names as the prompt shows them, in order, with the numbers that the prompt gives them. */
  names: { item: number; name: string }[];
  /** Whether 0, "none of these", is an answer. */
  noneOffered: boolean;
  /** Only upper categories are shown, and each stands for all that is below it. */
  upperOnly: boolean;
}

/** The lines of all blocks of this name. No name can open or close one: prompts hold no `<` of a stranger. */
function blocks(text: string, tag: string): string[] {
  const found = text.matchAll(new RegExp(`^<${tag}>\\n([\\s\\S]*?)\\n</${tag}>$`, 'gm'));
  return [...found].flatMap(([, lines = '']) => lines.split('\n'));
}

/** The text outside of all blocks: the instructions. */
function instructions(text: string): string {
  return text.replace(/^<(\w+)>\n[\s\S]*?\n<\/\1>$/gm, '');
}

function quoted(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads the messages of a prompt, joined by line breaks: every `<categories>` block (a line a category, indented by
 * level, `name|id`) and every `<names>` block (numbered JSON strings). Other text and other blocks, such as examples,
 * say nothing, but the instructions tell whether 0 is an answer and whether only upper categories are shown. Text of another form gives empty lists.
 */
export function readPrompt(text: string): Asked {
  const categories = new Map<number, Asked['categories'][number]>();
  const path: string[] = [];
  for (const line of blocks(text, 'categories')) {
    const parts = /^( *)([^|]*)(?:\|(\d+))?$/.exec(line);
    if (!parts) continue;
    const [, indent = '', name = '', id] = parts;
    path.length = indent.length;
    path.push(name);
    if (id !== undefined && Number(id) !== 0) categories.set(Number(id), { id: Number(id), path: [...path] });
  }
  const names = blocks(text, 'names').flatMap((line) => {
    const [, item, string] = /^\s*(\d+)\S*\s+("(?:[^"\\]|\\.)*")/.exec(line) ?? [];
    const name = string === undefined ? undefined : quoted(string);
    return name === undefined ? [] : [{ item: Number(item), name }];
  });
  const told = instructions(text);
  return {
    categories: [...categories.values()],
    names,
    noneOffered: /\bnone\b[^.\n]*\b0\b|\b0\b[^.\n]*\bnone\b/i.test(told),
    upperOnly: /upper (levels?|categories)/i.test(told),
  };
}
