import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { saveOutOfFold } from '../../src/database/cleaning.ts';
import type { Database } from '../../src/database/connection/open.ts';
import { deepest } from '../../src/model/tree.ts';
import { type Judged, outOfFold } from '../../src/train/cleaning/out-of-fold.ts';
import type { Labelled } from '../accuracy/types.ts';

const page = 5000;

async function pages(total: number, work: (from: number, to: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < total; from += page) await work(from, Math.min(from + page, total));
}

/** Memory as the teacher left it, and the truth beside it; returns the truth by name key. */
export async function fill(
  db: Database,
  categories: readonly string[][],
  { keys, paths }: Labelled,
  truth: Labelled['paths'],
): Promise<{ truth: Map<string, number>; ids: number[] }> {
  const ids = [0];
  for (const names of categories)
    ids.push((await db.row<{ id: number }>('select taxon_internal.make_category($1) as id', [names])).id);
  const idOf = (path: Labelled['paths'][number]) => ids[deepest(path)] as number;
  await db.rows(
    'create table bench_truth (name_hash bytea primary key, given bigint not null, category_id bigint not null)',
  );
  await pages(keys.length, async (from, to) => {
    const given = paths.slice(from, to).map(idOf);
    const real = truth.slice(from, to).map(idOf);
    await db.rows(
      `with l as (insert into taxon.labels (name_key, category_id, source) select n, c, 'llm' from unnest($1::text[], $2::bigint[]) u(n, c))
       insert into bench_truth select taxon_internal.name_hash(n), c, t from unnest($1::text[], $2::bigint[], $3::bigint[]) u(n, c, t)`,
      [keys.slice(from, to), given, real],
    );
  });
  await db.rows('analyze');
  return { truth: new Map(keys.map((key, i) => [key, idOf(truth[i] as (typeof truth)[number])])), ids };
}

/** What models of letters say of each label, out of fold; two CPU minutes for 57,029 titles, so it is kept. */
async function judgements(folder: string, { keys, paths }: Labelled): Promise<(Judged | null)[]> {
  const digest = createHash('sha256')
    .update(JSON.stringify([keys, paths]))
    .digest('hex')
    .slice(0, 12);
  const file = join(folder, `kinds-judged-${digest}.json`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as (Judged | null)[];
  const said = await outOfFold({ keys: [...keys], paths: [...paths] });
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, JSON.stringify(said));
  return said;
}

/** Models of letters, out of fold, judge each label, and it is stored as `taxon clean` does; `folder` keeps what they said. */
export async function judge(
  db: Database,
  folder: string,
  ids: readonly number[],
  labels: Labelled,
): Promise<void> {
  const { keys, paths } = labels;
  const said = await judgements(folder, labels);
  const { run } = await db.row<{ run: number }>(
    `insert into taxon_internal.training_runs (state) values ('done') returning run_id as run`,
  );
  const rows = [...said.keys()].filter((row) => said[row] !== null);
  await pages(rows.length, async (from, to) => {
    const part = rows.slice(from, to);
    const answers = part.map((row) => said[row] as NonNullable<(typeof said)[number]>);
    await saveOutOfFold(db, run, {
      hashes: part.map((row) =>
        createHash('sha256')
          .update(keys[row] as string, 'utf8')
          .digest(),
      ),
      labels: part.map((row) => ids[deepest(paths[row] as (typeof paths)[number])] as number),
      predicted: answers.map(({ path }) => ids[deepest(path)] as number),
      l1: answers.map(({ confidence }) => confidence[0]),
      l2: answers.map(({ confidence }) => confidence[1]),
      l3: answers.map(({ confidence }) => confidence[2]),
    });
  });
}
