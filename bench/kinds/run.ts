/** `node bench/kinds/run.ts --help` */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { table } from '../../src/cli/output.ts';
import { loadConfig, packageRoot } from '../../src/config.ts';
import { saveOutOfFold } from '../../src/database/cleaning.ts';
import { type Database, openDatabase } from '../../src/database/connection/open.ts';
import { findKinds } from '../../src/database/kinds.ts';
import { TaxonError } from '../../src/errors.ts';
import { deepest } from '../../src/model/tree.ts';
import { outOfFold } from '../../src/train/cleaning/out-of-fold.ts';
import { readDemo, readTitles, sampled, titlesFile } from '../accuracy/data.ts';
import { teach } from '../accuracy/teachers.ts';
import { type Labelled, type Source, type Teacher, teachers } from '../accuracy/types.ts';
import { throwAwayServer } from '../trust/throw-away.ts';
import { writeSection } from '../trust/sections.ts';
import { count, decideAll, type Step } from './oracle.ts';

const { values } = parseArgs({
  options: {
    set: { type: 'string', default: 'titles' },
    teacher: { type: 'string', default: 'original' },
    labels: { type: 'string', default: '57029' },
    looks: { type: 'string', default: '12' },
    screens: { type: 'string', default: '200' },
    evidence: { type: 'string', default: 'letters' },
    doc: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const help = `How many labels does one decision for a kind correct? A made-up person who knows the truth goes through the list of kinds.

  node bench/kinds/run.ts [--set titles|demo] [--teacher ${teachers.join('|')}] [--labels 57029] [--looks 12]
    [--screens 200] [--evidence letters|none] [--doc] [--json]

--evidence letters: models of letters, out of fold, say what they think of each label first; none: memory's words alone.`;

const page = 5000;

async function pages(total: number, work: (from: number, to: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < total; from += page) await work(from, Math.min(from + page, total));
}

/** Memory as the teacher left it, and the truth beside it; returns the truth by name key. */
async function fill(
  db: Database,
  categories: readonly string[][],
  { keys, paths }: Labelled,
  truth: Labelled['paths'],
): Promise<{ truth: Map<string, number>; ids: number[] }> {
  const ids = [0];
  for (const names of categories)
    ids.push((await db.row<{ id: number }>('select taxon_internal.make_category($1) as id', [names])).id);
  const idOf = (path: Labelled['paths'][number]) => ids[deepest(path)] as number;
  await db.rows('create table bench_truth (name_hash bytea primary key, given bigint not null, category_id bigint not null)');
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

async function judge(db: Database, ids: readonly number[], { keys, paths }: Labelled): Promise<void> {
  const said = await outOfFold({ keys: [...keys], paths: [...paths] });
  const { run } = await db.row<{ run: number }>(
    `insert into taxon_internal.training_runs (state) values ('done') returning run_id as run`,
  );
  const rows = [...said.keys()].filter((row) => said[row] !== null);
  await pages(rows.length, async (from, to) => {
    const part = rows.slice(from, to);
    const answers = part.map((row) => said[row] as NonNullable<(typeof said)[number]>);
    await saveOutOfFold(db, run, {
      hashes: part.map((row) => createHash('sha256').update(keys[row] as string, 'utf8').digest()),
      labels: part.map((row) => ids[deepest(paths[row] as (typeof paths)[number])] as number),
      predicted: answers.map(({ path }) => ids[deepest(path)] as number),
      l1: answers.map(({ confidence }) => confidence[0]),
      l2: answers.map(({ confidence }) => confidence[1]),
      l3: answers.map(({ confidence }) => confidence[2]),
    });
  });
}

async function main(): Promise<void> {
  if (values.help) return console.log(help);
  if (values.set === 'titles' && !existsSync(titlesFile)) {
    console.error('skipped: the real titles are not here, and are no part of the project');
    return;
  }
  const source: Source | null =
    values.set === 'titles' ? await readTitles(titlesFile) : readDemo({ seed: 1, labelled: 20_000 });
  if (source === null) throw new TaxonError('there are no titles');
  const part = sampled(source, Number(values.labels));
  const { train } = teach(part, values.teacher as Teacher, 1);
  const config = loadConfig();
  const server = await throwAwayServer(config);
  const db = openDatabase(server.url, { schema: 'taxon', poolSize: 2 }, 'bench');
  const steps: Step[] = [];
  try {
    const { truth, ids } = await fill(db, part.categories, train, part.train.truth);
    if (values.evidence === 'letters') await judge(db, ids, train);
    const started = performance.now();
    const kinds = await findKinds(db);
    const seconds = (performance.now() - started) / 1000;
    console.error(`${kinds} kinds of ${train.keys.length} labels in ${seconds.toFixed(1)} s`);
    console.error(
      table(
        await db.rows(
          `select k.why, count(distinct k.kind_id) as kinds, count(*) as names,
                  round(avg((t.given <> t.category_id)::integer), 3) as answer_wrong,
                  round(avg((k.says = t.category_id)::integer), 3) as says_right
             from taxon_internal.found_kinds k join taxon_internal.kind_members m using (kind_id) join bench_truth t using (name_hash)
             group by 1 order by 1`,
        ),
      ),
    );
    const before = await count(db);
    steps.push({ screens: 0, read: 0, ...before });
    await decideAll(db, truth, { looks: Number(values.looks), screens: Number(values.screens) }, (step) => {
      steps.push(step);
      console.error(JSON.stringify(step));
    });
    report(steps, kinds, seconds, train.keys.length);
  } finally {
    await db.close();
    await server.close();
  }
}

function report(steps: readonly Step[], kinds: number, seconds: number, labels: number): void {
  const rows = steps.map(({ screens, read, corrected, spoiled, wrong }) => ({
    screens,
    'names read': read,
    corrected,
    spoiled,
    'corrected a screen': screens === 0 ? null : Number((corrected / screens).toFixed(1)),
    'labels wrong': `${(100 * wrong).toFixed(2)} %`,
  }));
  console.log(values.json ? JSON.stringify({ kinds, seconds, labels, rows }) : table(rows));
  if (!values.doc) return;
  const name = `${values.set} ${values.teacher} ${values.evidence} ${values.looks}`;
  const keys = Object.keys(rows[0] ?? {}) as (keyof (typeof rows)[number])[];
  writeSection(
    join(packageRoot, 'docs', 'measured', 'kinds.md'),
    name,
    [
      `\`node bench/kinds/run.ts --set ${values.set} --teacher ${values.teacher} --evidence ${values.evidence} --looks ${values.looks}\`: ${labels.toLocaleString('en')} labels, ${kinds.toLocaleString('en')} kinds found in ${seconds.toFixed(1)} s.`,
      '',
      `| ${keys.join(' | ')} |`,
      `|${keys.map(() => '--:').join('|')}|`,
      ...rows.map((row) => `| ${keys.map((key) => row[key] ?? '').join(' | ')} |`),
    ].join('\n'),
  );
}

await main();
