import { existsSync } from 'node:fs';
import { must } from '../../src/cluster/run.ts';
import { generateCatalogue } from '../../src/demo/catalogue/generate.ts';
import { randomFrom, shuffled } from '../../src/demo/catalogue/random.ts';
import { titlesFile } from '../accuracy/data.ts';

/** A row as the shop's LLM labelled it. */
export interface ShopRow {
  name: string;
  path: string[];
}

/** A history in its order, cut in two: what the x-ray sees, and what arrives afterwards. */
export interface Shop {
  name: string;
  before: ShopRow[];
  after: ShopRow[];
}

/** Share of the rows that the x-ray sees. */
const seen = 0.75;
/** Share of the demo's arriving names that its teacher labels wrongly. */
const wrong = 0.1;

const cut = (name: string, rows: ShopRow[]): Shop => {
  const at = Math.floor(rows.length * seen);
  return { name, before: rows.slice(0, at), after: rows.slice(at) };
};

/** Names with repeats: how often one is sold follows Zipf's law, so that some come again and again. */
function sold(rows: readonly ShopRow[], count: number, seed: number): ShopRow[] {
  const random = randomFrom(seed);
  const order = shuffled(random, rows);
  // one in four is sold again; among those the first of the order are the favourites
  return Array.from({ length: count }, (_, i) => {
    const again = i > 0 && random() < 0.25;
    const at = again ? Math.floor(Math.min(i, order.length) * random() ** 3) : i % order.length;
    return order[at] as ShopRow;
  });
}

/** The real titles of one script, with the noisy teacher's labels; null where the file is not here. */
export async function titlesShop(script: 'Cyrillic' | 'Latin', rows: number): Promise<Shop | null> {
  if (!existsSync(titlesFile)) return null;
  const text = await must('xz', ['-dc', titlesFile]);
  const cyrillic = /\p{Script=Cyrillic}/u;
  const titles = text
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    // only these have the teacher's labels
    .filter(([split, , name = '']) => split === 'train' && cyrillic.test(name) === (script === 'Cyrillic'))
    .map(
      (row): ShopRow => ({
        name: row[2] as string,
        path: [row[6], row[7], row[8]].filter((level): level is string => !!level),
      }),
    );
  return cut(`titles, ${script}`, sold(titles, Math.min(rows, titles.length), 1));
}

/** The demo's catalogue: labels, then arrivals with exact and near repeats, some labelled wrongly. */
export function demoShop(rows: number): Shop {
  const arriving = Math.round(rows * 0.3);
  const {
    labelled,
    arriving: first,
    later,
    paths,
  } = generateCatalogue({ labelled: rows - 2 * arriving, arriving });
  const random = randomFrom(7);
  const taught = [...first, ...later].map(({ name, truth }): ShopRow => {
    const path = random() < wrong ? paths[Math.floor(random() * paths.length)] : truth;
    return { name, path: path as string[] };
  });
  return cut('demo catalogue', [...labelled.map(({ name, path }) => ({ name, path })), ...taught]);
}
