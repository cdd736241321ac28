/** `node bench/retention.ts --help` */
import { loadConfig } from '../src/config.ts';
import { openDatabase } from '../src/database/connection/open.ts';
import { forgetOld } from '../src/database/jobs.ts';
import { flags, show } from './measure.ts';
import { throwAwayServer } from './trust/throw-away.ts';

const { rows, seconds, json } = flags(
  `What the nightly removal costs those who work beside it: single INSERTs into products and settling a name through layers 1 to 3,
alone and while forgetOld() removes half of the evidence, of the names of calls and of the embeddings. In a throw-away database.`,
  { rows: 1_000_000, seconds: 15 },
);

const { url, close } = await throwAwayServer(loadConfig());
const db = openDatabase(url, { schema: 'taxon', poolSize: 4 }, 'bench');
await db.rows(`select taxon_internal.make_category('{Home}')`);
await db.rows(`select taxon_internal.register_encoder('e', 384)`);
await db.rows(`select taxon_internal.save_model(1, null, '{}')`);
await db.rows(`select taxon_internal.save_model_file(1, 'm', sha256('x'), 'x')`);
await db.rows('select taxon.promote_model(1)');
const fill = [
  `alter table taxon.products disable trigger user`,
  `insert into taxon.products (name, state) select 'product ' || i, 'done' from generate_series(1, ${rows}) i`,
  `alter table taxon.products enable trigger user`,
  `insert into taxon_internal.evidence (product_id, model_id, decided_at, category_id, l1_said, l2_said, l3_said, margin, clears, answered)
     select i, 1, now() - case when i <= ${rows / 2} then interval '200 days' else interval '2 days' end, 1, .9, .8, .7, .2, true, true
       from generate_series(1, ${rows}) i`,
  `insert into taxon_internal.llm_calls (worker, purpose, route, provider, model, simulated, state, names, tokens_in, tokens_out, lease_until, started_at)
     select 'w', 'answer', 'tree', 'openai', 'm', true, 'ok', 20, 9, 9, now(), now() - case when i <= ${rows / 40} then interval '400 days' else interval '2 days' end
       from generate_series(1, ${rows / 20}) i`,
  `insert into taxon_internal.llm_call_names (llm_call_id, name_hash) select 1 + (i - 1) / 20, sha256(('product ' || i)::bytea) from generate_series(1, ${rows}) i`,
  // half of the names are those of products
  `insert into taxon_internal.embeddings (encoder_id, name_hash, embedding)
     select 1, sha256((case when i % 2 = 0 then 'product ' else 'gone ' end || i)::bytea), v from generate_series(1, ${rows}) i,
       (select array_agg(.05::real)::vector(384)::halfvec as v from generate_series(1, 384)) v`,
  `analyze`,
];
for (const statement of fill)
  await db.transaction(async (client) => {
    await client.query('set local search_path = taxon, taxon_internal, extensions, public');
    await client.query(statement);
  });

let n = 0;
const percentile = (sorted: readonly number[], share: number) =>
  Math.round((sorted[Math.floor(share * (sorted.length - 1))] ?? 0) * 100) / 100;
/** INSERTs and settlings in turn until `over`; milliseconds of each. */
async function work(over: () => boolean) {
  const inserts: number[] = [];
  const settled: number[] = [];
  while (!over()) {
    const name = `arrival ${n++}`;
    let at = performance.now();
    await db.rows('insert into taxon.products (name) values ($1)', [name]);
    inserts.push(performance.now() - at);
    at = performance.now();
    await db.rows(`select taxon_internal.claim('w', 10)`);
    await db.rows(`select taxon_internal.settle_from_memory('w', array[$1])`, [name]);
    await db.rows(`select taxon_internal.settle_local('w', 1, $1)`, [
      JSON.stringify([
        { name_key: name, category_id: 1, confidence: [0.99, 0.99, 0.99], margin: 0.9, unknown: 0 },
      ]),
    ]);
    settled.push(performance.now() - at);
  }
  const of = (list: number[], what: string) => {
    const sorted = list.toSorted((a, b) => a - b);
    return {
      what,
      times: list.length,
      p50: percentile(sorted, 0.5),
      p95: percentile(sorted, 0.95),
      p99: percentile(sorted, 0.99),
      most: percentile(sorted, 1),
    };
  };
  return [of(inserts, 'insert'), of(settled, 'settle')];
}
const alone = async () => {
  const end = performance.now() + seconds * 1000;
  return work(() => performance.now() > end);
};
await alone();
const before = await alone();
let removed: number | null = null;
const started = performance.now();
const job = forgetOld(db, new AbortController().signal).then((all) => {
  removed = all;
});
const beside = await work(() => removed !== null);
await job;
const took = (performance.now() - started) / 1000;
const after = await alone();
show(json, [
  ...before.map((row) => ({ when: 'before', ...row })),
  ...beside.map((row) => ({ when: 'beside the removal', ...row })),
  ...after.map((row) => ({ when: 'after', ...row })),
]);
const retentionMs = performance.now();
const list = await db.rows<Record<string, unknown>>(
  'select thing, rows, bytes, removed from taxon.retention()',
);
const told = Math.round(performance.now() - retentionMs);
const forgetMs = performance.now();
await db.rows(`select * from taxon.forget('product ${rows}')`);
const forgot = Math.round(performance.now() - forgetMs);
show(json, list);
show(json, [
  {
    'rows removed': removed,
    seconds: Math.round(took * 10) / 10,
    'retention() ms': told,
    'forget() ms': forgot,
  },
]);
await db.close();
await close();
