/** `node bench/trust/calibration.ts --help` */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { resolveDatabase } from '../../src/cluster/resolve.ts';
import { loadConfig } from '../../src/config.ts';
import { calibrationError, fitCalibration } from '../../src/database/calibration.ts';
import { migrate } from '../../src/database/connection/migrate.ts';
import { type Database, openDatabase } from '../../src/database/connection/open.ts';
import { registerEncoder, storeModel } from '../../src/database/registry.ts';
import { seededRandom } from '../../src/train/random.ts';
import { benchFolder } from '../accuracy/results.ts';
import { show } from '../measure.ts';
import { type Judged, readJudged } from './names.ts';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    checks: { type: 'string', default: '50,200,2000' },
    splits: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const help = `How far confidences are from the truth on names that were not checked: fit_calibration() in PostgreSQL on some checked
names, calibration_error() on all others, in random splits.

  node bench/trust/calibration.ts [--data FILE] [--checks N,N] [--splits N] [--json]

  --data    what bench/trust/predict.ts wrote; default: bench/trust-titles.jsonl in the data folder (TAXON_DATA_DIR)

Makes and drops a schema taxon_bench_calibration.`;

const schema = 'taxon_bench_calibration';

/** What the model says of each name: as the sidecar asks it, letters first, and all voices always. */
function read(file: string): Record<'letters first' | 'all voices', Judged[]> {
  const rows = readJudged(file);
  return { 'letters first': rows, 'all voices': rows.map((row) => row.all) };
}

/** A model, an answer, and a category that is wrong from each level on; returns what `check` needs of them. */
async function prepare(db: Database): Promise<{ modelId: number; truths: number[] }> {
  const encoderId = await registerEncoder(db, 'bench', 2);
  const files = new Map([['manifest.json', new TextEncoder().encode('{}')]]);
  const modelId = await storeModel(db, { encoderId, runId: null, manifest: {}, files, promote: true });
  const truths: number[] = [];
  for (const path of [['f'], ['a', 'e'], ['a', 'b', 'd'], ['a', 'b', 'c']])
    truths.push(
      (await db.row<{ id: number }>(`select ${db.internal}make_category($1) as id`, [path])).id as number,
    );
  return { modelId, truths };
}

/** Makes some names the checked ones. */
async function check(
  db: Database,
  { modelId, truths }: Awaited<ReturnType<typeof prepare>>,
  names: readonly Judged[],
): Promise<void> {
  await db.rows(`truncate ${db.internal}checks cascade`);
  const level = (i: number) => names.map(({ said }) => said[i]);
  const truth = names.map(
    ({ right }) => truths[right[0] === 0 ? 0 : right[1] === 0 ? 1 : right[2] === 0 ? 2 : 3],
  );
  await db.rows(
    `with c as (select * from unnest($1::real[], $2::real[], $3::real[], $4::bigint[]) with ordinality c(l1, l2, l3, truth, i)),
     made as (
       insert into ${db.internal}checks (name_key, layer, strategy, weight, model_id, category_id, verdict, truth_category_id)
         select 'name ' || i, 'local', 'uniform', 1, $5, $6, truth = $6, truth from c order by i returning check_id, name_key)
     insert into ${db.internal}check_scores (check_id, model_id, category_id, l1_said, l2_said, l3_said)
       select m.check_id, $5, $6, c.l1, c.l2, c.l3 from made m join c on m.name_key = 'name ' || c.i`,
    [level(0), level(1), level(2), truth, modelId, truths[3]],
  );
}

const mean = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
const short = (value: number) => Number(value.toFixed(4));

async function main(): Promise<void> {
  const config = loadConfig();
  const sets = read(values.data ?? join(benchFolder(config), 'trust-titles.jsonl'));
  const { url, release } = await resolveDatabase(config, 'taxon_bench');
  const db = openDatabase(url, { schema, poolSize: 1 }, 'taxon bench');
  const drop = () => db.rows(`drop schema if exists ${schema}, ${schema}_internal cascade`);
  const rows: Record<string, unknown>[] = [];
  try {
    await drop();
    await migrate({ url, schema });
    const given = await prepare(db);
    for (const [asked, names] of Object.entries(sets))
      for (const count of values.checks.split(',').map(Number)) {
        const random = seededRandom(1);
        const errors: { error: number; said: number }[][] = [[], [], []];
        for (let split = 0; split < Number(values.splits); split++) {
          const order = names.map((name) => ({ name, place: random.next() }));
          order.sort((a, b) => a.place - b.place);
          const shuffled = order.map(({ name }) => name);
          await check(db, given, shuffled.slice(0, count));
          await fitCalibration(db, given.modelId);
          await check(db, given, shuffled.slice(count));
          for (const { level, error, said_error } of await calibrationError(db, given.modelId))
            errors[level - 1]?.push({ error: error as number, said: said_error as number });
        }
        for (const [i, found] of errors.entries())
          rows.push({
            asked,
            checks: count,
            level: i === 2 ? 'l3 = the path' : `l${i + 1}`,
            'as said': short(mean(found.map(({ said }) => said))),
            calibrated: short(mean(found.map(({ error }) => error))),
            worst: short(Math.max(...found.map(({ error }) => error))),
            'at most .03': `${found.filter(({ error }) => error <= 0.03).length} of ${found.length}`,
          });
      }
    show(values.json, rows);
  } finally {
    await drop();
    await db.close();
    await release();
  }
}

if (values.help) process.stdout.write(`${help}\n`);
else await main();
