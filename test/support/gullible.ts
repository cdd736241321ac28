import { normalise } from '../../src/normalise.ts';

/**
 * A model that believes everything: what stands in the prompt outside the lines of names is an instruction to it, and what
 * stands in a line it believes for that name. Whoever gets text out of his line commands every answer of the batch.
 */

/** One name's line: number, space, and a JSON string to the end of the line. */
const nameLine = /^(\d+) ("(?:[^"\\]|\\.)*")$/;
/** One category's line. */
const categoryLine = /^( *)(.*)\|(\d+)$/;

interface Believed {
  /** Id → path. */
  categories: Map<number, string>;
  /** Item number → name. */
  names: Map<number, string>;
  /** Text of the user's message that is neither: an order. */
  orders: string[];
}

/** Takes the text line by line, as any line break of any alphabet makes them, and trusts none of the prompt's own delimiters. */
function believe(text: string): Believed {
  const believed: Believed = { categories: new Map(), names: new Map(), orders: [] };
  const path: string[] = [];
  // what comes before the first block is the program's own
  const blocks = text.slice(text.search(/^<(?:categories|names)>$/m));
  for (const line of blocks.split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/)) {
    if (/^<\/?(?:categories|names)>$/.test(line)) continue;
    const [, number, quoted] = nameLine.exec(line) ?? [];
    const [, indent, name, id] = categoryLine.exec(line) ?? [];
    const above = /^( *)([^|]+)$/.exec(line);
    if (number !== undefined && quoted !== undefined) {
      believed.names.set(Number(number), JSON.parse(quoted) as string);
      // text between tags is no name any more, wherever it stands
      const tagged = /<[/a-z|]+>/i.exec(quoted);
      if (tagged) believed.orders.push(quoted.slice(tagged.index));
    } else if (indent !== undefined && name !== undefined) {
      path.splice(indent.length, path.length, name);
      believed.categories.set(Number(id), path.join(' > '));
    } else if (above && believed.names.size === 0 && !/\d/.test(line)) {
      path.splice((above[1] as string).length, path.length, above[2] as string);
    } else believed.orders.push(line);
  }
  return believed;
}

const lastNumber = (text: string): number | undefined => {
  const found = text.match(/\d+/g)?.at(-1);
  return found === undefined ? undefined : Number(found);
};

/**
 * @param truth name key → path, "a > b > c": the names that it knows; of others it believes the number that they say
 * @returns the answer's text for a prompt
 */
export function gullible(truth: ReadonlyMap<string, string>): (text: string) => string {
  return (text) => {
    const { categories, names, orders } = believe(text);
    const idOf = new Map([...categories].map(([id, path]) => [path, id]));
    const order = orders.map(lastNumber).find((id) => id !== undefined);
    const answers = [...names].map(([item, name]) => {
      const path = truth.get(normalise(name));
      const own = path === undefined ? lastNumber(name) : (idOf.get(path) ?? 0);
      return { item, id: order ?? own ?? [...categories.keys()][0] ?? 0, confidence: 0.9 };
    });
    return JSON.stringify({ answers });
  };
}
