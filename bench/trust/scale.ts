/** `node bench/trust/scale.ts --help` */
import { loadConfig } from '../../src/config.ts';
import { flags, median, show } from '../measure.ts';
import { openThrowAway } from './throw-away.ts';

const { names, checks, rounds, json } = flags(
  'Seconds that what looks through all evidence takes, over generated evidence; the median of rounds, the statements in turn.',
  { names: 1_000_000, checks: 2000, rounds: 5 },
);

/** Statements as a person writes them. */
const statements = [
  'select * from taxon.coverage_curve()',
  'select * from taxon.suggest_thresholds(max_error => .05)',
  'select * from taxon.simulate_thresholds(l1 => .8, l2 => .7, l3 => .6)',
];

const db = await openThrowAway(loadConfig());
try {
  await db.rows(
    `select taxon_internal.make_category(array['top ' || i % 12, 'mid ' || i % 200, 'leaf ' || i]) from generate_series(1, 1600) i`,
  );
  await db.rows(
    `insert into taxon_internal.calibrations (model_id, offsets, slopes, fitted_on, names) values (1, '{-.1,-.2,-.3}', '{.9,.95,1.1}', 'checks', 2000)`,
  );
  // a sum of three uniform numbers is near enough to what a model's logits look like
  await db.rows(
    `insert into taxon_internal.evidence (product_id, model_id, decided_at, category_id, l1_said, l2_said, l3_said, margin, nearest, unknown, voices, clears, answered)
     select i, 1, now() - interval '90 days' * ($1 - i) / $1, 1 + (random() * 1600)::integer, sqrt(sqrt(p)), sqrt(p), p, p / 2, .8, .1, 3, p > .6, p > .6
       from (select i, (1 / (1 + exp(-1.2 - 4 * (random() + random() + random() - 1.5))))::real as p from generate_series(1, $1::integer) i) x`,
    [names],
  );
  await db.rows(
    `with drawn as (
       insert into taxon_internal.checks (name_key, product_id, layer, strategy, weight, evidence_id, model_id, category_id, verdict, checked_by, checked_at)
         select 'name ' || evidence_id, product_id, 'local', 'uniform', 1, evidence_id, 1, category_id, random() < l3_said, 'bench', now()
           from taxon_internal.evidence where evidence_id % greatest($1::integer / $2::integer, 1) = 0
         returning check_id, evidence_id)
     insert into taxon_internal.check_scores (check_id, model_id, category_id, l1_said, l2_said, l3_said)
       select d.check_id, 1, e.category_id, e.l1_said, e.l2_said, e.l3_said from drawn d join taxon_internal.evidence e using (evidence_id)`,
    [names, checks],
  );
  await db.rows('vacuum analyze taxon_internal.evidence');
  await db.rows('analyze');
  const taken = new Map(statements.map((statement) => [statement, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [statement, seconds] of taken) {
      const started = performance.now();
      await db.rows(statement);
      seconds.push((performance.now() - started) / 1000);
    }
  }
  show(
    json,
    [...taken].map(([statement, seconds]) => ({
      statement,
      median: Number(median(seconds).toFixed(2)),
      fastest: Number(Math.min(...seconds).toFixed(2)),
      slowest: Number(Math.max(...seconds).toFixed(2)),
    })),
  );
} finally {
  await db.close();
}
