import type { Database } from '../../src/database/connection/open.ts';
import { asked, type Recall, recall } from './measure.ts';
import type { Vectors } from './vectors.ts';

/** What was done to memory, how long it took, and what it did to recall. */
export interface ChurnStep extends Recall {
  step: string;
  seconds: number;
}

/** The tenth of the rows that lies nearest to the first one: what a category is to a text model, the hardest to lose. */
function region({ matrix, dimension }: Vectors, size: number): Int32Array {
  const middle = matrix.subarray(0, dimension);
  const near = Float32Array.from({ length: size }, (_, i) => {
    let sum = 0;
    for (let d = 0; d < dimension; d++) sum += (middle[d] as number) * (matrix[i * dimension + d] as number);
    return sum;
  });
  const order = Int32Array.from(near.keys()).sort((a, b) => (near[b] as number) - (near[a] as number));
  return order.subarray(0, Math.floor(size / 10));
}

/** Deletes, relabels and gives back labels; after each step recall is measured on the names behind memory. */
export async function churn(
  db: Database,
  vectors: Vectors,
  size: number,
  count: number,
): Promise<ChurnStep[]> {
  const { keys } = vectors;
  const gone = new Uint8Array(size);
  const steps: ChurnStep[] = [];
  const step = async (what: string, work: () => Promise<unknown>) => {
    const started = performance.now();
    await work();
    const seconds = (performance.now() - started) / 1000;
    const among = Int32Array.from({ length: size }, (_, i) => i).filter((i) => gone[i] === 0);
    steps.push({ step: what, seconds, ...(await recall(db, await asked(vectors, size, count, among))) });
  };
  const namesOf = (rows: Iterable<number>) => Array.from(rows, (row) => keys[row] as string);
  const everyTenth = (first: number) =>
    namesOf(Array.from({ length: Math.floor((size - first) / 10) }, (_, i) => first + 10 * i));
  const remove = (names: string[]) => db.rows('delete from taxon.labels where name_key = any ($1)', [names]);
  const { id } = await db.row<{ id: number }>(`select taxon_internal.make_category('{Garden}') as id`);
  const give = (names: string[]) =>
    db.rows(
      `insert into taxon.labels (name_key, category_id, source) select n, $2, 'llm' from unnest($1::text[]) n`,
      [names, id],
    );
  const vacuum = () => step('VACUUM', () => db.rows('vacuum taxon_internal.embeddings'));

  await step('as built', async () => {});
  const lost = region(vectors, size);
  await step('the tenth of the labels nearest to one name deleted', async () => {
    await remove(namesOf(lost));
    for (const row of lost) gone[row] = 1;
  });
  await vacuum();
  await step('those given back', async () => {
    await give(namesOf(lost));
    gone.fill(0);
  });
  await step('every tenth relabelled', () =>
    db.rows('update taxon.labels set category_id = $2 where name_key = any ($1)', [everyTenth(5), id]),
  );
  await step('every tenth deleted and given back', async () => {
    await remove(everyTenth(7));
    await give(everyTenth(7));
  });
  await vacuum();
  return steps;
}
