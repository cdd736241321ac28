import type { Kind } from '../../src/database/kind-types.ts';
import type { TaxonDatabase } from './sql.ts';

const makers = [
  'norvel',
  'kasta',
  'bravix',
  'olmeko',
  'tarvo',
  'lumisa',
  'ferrin',
  'zubra',
  'quint',
  'marvo',
];

/** Names that begin alike and differ in maker and model, always the same. */
export const namesOf = (words: string, count: number, from = 0) =>
  Array.from(
    { length: count },
    (_, i) =>
      `${words} ${makers[(i + from) % makers.length]} ${String.fromCharCode(97 + (i % 26))}${100 + i + from}`,
  );

/** Labels of one category; returns its id. */
export async function remember(
  t: Pick<TaxonDatabase, 'owner' | 'category'>,
  path: string,
  names: readonly string[],
  source = 'llm',
): Promise<number> {
  const id = await t.category(path);
  await t.owner.rows(
    'insert into labels (name_key, category_id, source) select normalise(n), $2, $3 from unnest($1::text[]) n',
    names,
    id,
    source,
  );
  return id;
}

/** Names of which 10 of 40 phone cases stand among the laptops. */
export const amongLaptops = namesOf('чехол для телефона', 10);

/** Three kinds of things; 10 of 40 phone cases stand among the laptops. */
export async function rememberShop(
  t: Pick<TaxonDatabase, 'owner' | 'category'>,
): Promise<{ laptops: number; cases: number; kettles: number }> {
  const laptops = [...namesOf('ноутбук', 40), ...amongLaptops];
  return {
    laptops: await remember(t, 'Electronics > Computers > Laptops', laptops),
    cases: await remember(t, 'Electronics > Phones > Phone cases', namesOf('чехол для телефона', 30, 10)),
    kettles: await remember(t, 'Home > Kitchen > Kettles', namesOf('чайник электрический', 40)),
  };
}

/** What tests ask of kinds. */
export function kindsOf(t: Pick<TaxonDatabase, 'owner'>) {
  const kinds = (rest = '') => t.owner.rows<Kind>(`select * from kinds(${rest})`);
  return {
    find: () => t.owner.value<number>('select find_kinds()'),
    kinds,
    worst: async () => (await kinds())[0] as Kind,
    decide: (kind: Kind, rest: string) =>
      t.owner.row<{
        run_id: number;
        labels: number;
        corrected: number;
        rows_corrected: number;
        left_out: number;
        checks: number;
        parts: number[];
        proof: string;
      }>(`select * from decide_kind(${kind.kind_id}, ${rest})`),
  };
}
