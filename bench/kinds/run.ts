/** `node bench/kinds/run.ts --help` */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { table } from '../../src/cli/output.ts';
import { loadConfig, packageRoot } from '../../src/config.ts';
import { openDatabase } from '../../src/database/connection/open.ts';
import { findKinds } from '../../src/database/kinds.ts';
import { TaxonError } from '../../src/errors.ts';
import { readDemo, readTitles, sampled, titlesFile } from '../accuracy/data.ts';
import { teach } from '../accuracy/teachers.ts';
import { type Source, type Teacher, teachers } from '../accuracy/types.ts';
import { writeSection } from '../trust/sections.ts';
import { throwAwayServer } from '../trust/throw-away.ts';
import { fill, judge } from './memory.ts';
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
    if (values.evidence === 'letters') await judge(db, join(config.dataDir, 'cache'), ids, train);
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
             from taxon_internal.found_kinds k join taxon_internal.found_members m using (kind_id) join bench_truth t using (name_hash)
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
