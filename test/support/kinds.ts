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
