import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { destroyCluster, startCluster } from '../../src/cluster/cluster.ts';
import type { Config } from '../../src/config.ts';
import { migrate } from '../../src/database/connection/migrate.ts';
import { openDatabase } from '../../src/database/connection/open.ts';
import type { Random } from '../../src/train/random.ts';

/** A name as it arrives: what the model says of it, and whether that is right. */
export interface Arrival {
  l1: number;
  /** The two upper levels of its truth. */
  branch: string;
  said: readonly [number, number, number];
  nearest: number | null;
  unknown: number;
  right: boolean;
  /** Levels on which the LLM agrees, from the top. */
  levels: number;
}

interface Alarm {
  stream: string;
  branch: number;
  acted: string;
}

/** A database in which names arrive as from a sidecar, with people as auditors who know the truth. */
export interface World {
  /** A model of its own, without evidence, becomes the champion; the promise that stood is taken back. */
  startModel(): Promise<void>;
  /** Names are decided by the thresholds and the mode in force; returns which were answered. */
  arrive(names: readonly Arrival[]): Promise<boolean[]>;
  /** People check so many of the names that arrived, drawn alike; then the promise is made. */
  promise(checks: number, maxError: number): Promise<void>;
  /** watch_drift() until it has seen all; the alarms ever raised for the model, oldest first. */
  watch(): Promise<Alarm[]>;
  close(): Promise<void>;
}

const arriving = `
  with e as (
    insert into taxon_internal.evidence (product_id, model_id, category_id, l1_said, l2_said, l3_said, nearest, unknown, clears, answered, decided_at)
      select $9 + i, $1, ($2::bigint[])[l1], l1_said, l2_said, l3_said, nearest, unknown, answered, answered, clock_timestamp()
        from unnest($3::integer[], $4::real[], $5::real[], $6::real[], $7::real[], $8::real[], $10::boolean[])
          with ordinality u(l1, l1_said, l2_said, l3_said, nearest, unknown, answered, i) order by i
      returning evidence_id, product_id, category_id, answered
  ), judged as (
    select e.*, r.is_right from e join unnest($11::boolean[]) with ordinality r(is_right, i) on e.product_id = $9 + r.i
  ), opinion as (
    insert into taxon_internal.opinions (evidence_id, levels)
      select evidence_id, levels from judged join unnest($16::smallint[]) with ordinality o(levels, i) on product_id = $9 + o.i where not answered
  ), passed as (
    insert into taxon.products (product_id, name, state, source, category_id, l1, evidence_id)
      overriding system value
      select product_id, 'name ' || product_id, 'done', 'llm', t.id, t.id, evidence_id
        from judged, lateral (select case when is_right then category_id else $12::bigint end as id) t where not answered and $13
  )
  insert into taxon_internal.checks (name_key, product_id, layer, strategy, weight, evidence_id, model_id, category_id, verdict, checked_by, checked_at, drawn_at)
    select 'name ' || product_id, product_id, 'local', 'audit', 1 / $14::real, evidence_id, $1, category_id, is_right, 'bench', clock_timestamp(), clock_timestamp()
      from judged join unnest($15::boolean[]) with ordinality a(audited, i) on product_id = $9 + a.i where answered and audited`;

const checking = `
  with drawn as (
    insert into taxon_internal.checks (name_key, layer, strategy, weight, evidence_id, model_id, category_id, verdict, checked_by, checked_at)
      select 'name ' || e.product_id, 'local', 'uniform', 1, e.evidence_id, e.model_id, e.category_id, u.is_right, 'bench', now()
        from unnest($2::bigint[], $3::boolean[]) u(product_id, is_right) join taxon_internal.evidence e using (product_id) where e.model_id = $1
      returning check_id, evidence_id)
  insert into taxon_internal.check_scores (check_id, model_id, category_id, l1_said, l2_said, l3_said)
    select d.check_id, $1, e.category_id, e.l1_said, e.l2_said, e.l3_said from drawn d join taxon_internal.evidence e using (evidence_id)`;

/** Starts a private PostgreSQL of its own. */
export async function openWorld(config: Config, random: Random, namesAYear: number): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'pgtaxon-drift-'));
  const { url } = await startCluster(folder, {
    postgres: config.postgres,
    cacheDir: join(config.dataDir, 'cache'),
    throwAway: true,
  });
  const db = openDatabase(url('postgres'), { schema: 'taxon', poolSize: 1 }, 'bench');
  await migrate({ url: url('postgres'), schema: 'taxon' });
  await db.rows(`select taxon.set_setting('drift_names_a_year', to_jsonb($1::integer))`, [namesAYear]);
  // all arrive within minutes here: names of a year would be one burst
  await db.rows(`select taxon.set_setting('drift_burst_hours', '0')`);
  // the rows that go to the LLM here are answered at once
  await db.rows('alter table taxon.products disable trigger user');
  await db.rows(`select taxon_internal.register_encoder('bench', 1)`);
  const other = (await db.row<{ id: number }>(`select taxon_internal.make_category('{Other}') as id`)).id;
  const tops: number[] = [];
  let model = 0;
  let arrived = 0;
  let truths: { product: number; right: boolean }[] = [];

  async function category(l1: number): Promise<void> {
    if (tops[l1 - 1] !== undefined) return;
    const { id } = await db.row<{ id: number }>(
      `select taxon_internal.make_category(array['Top ' || $1]) as id`,
      [l1],
    );
    tops[l1 - 1] = id;
  }

  return {
    async startModel() {
      await db.rows(`update taxon_internal.promises set ended_at = now() where ended_at is null`);
      const made = await db.row<{ id: number }>(`select taxon_internal.save_model(1, null, '{}') as id`);
      model = made.id;
      await db.rows(`select taxon_internal.save_model_file($1, 'm', sha256('x'), 'x')`, [model]);
      await db.rows('select taxon.promote_model($1)', [model]);
      await db.rows('select taxon_internal.watch_drift()'); // ends the alarms of the model before
      truths = [];
    },

    async arrive(names) {
      for (const { l1 } of names) await category(l1);
      const now = await db.row<{
        cuts: number[];
        mode: string;
        shadows: number[];
        share: number;
        open: boolean;
      }>(
        `select array[f.l1, f.l2, f.l3] as cuts, taxon_internal.local_mode() as mode, taxon.setting('shadow_branches') as shadows,
                taxon_internal.audit_share_now() as share, exists (select from taxon_internal.alarms where ended_at is null) as open
           from taxon_internal.thresholds_in_force() f`,
      );
      const answered = names.map(
        ({ l1, said }) =>
          now.mode === 'on' &&
          !now.shadows.includes(tops[l1 - 1] as number) &&
          said.every((confidence, i) => Math.fround(confidence) >= (now.cuts[i] as number)),
      );
      await db.rows(arriving, [
        ...[model, Array.from(tops, (id) => id ?? null), names.map(({ l1 }) => l1)],
        ...([0, 1, 2] as const).map((i) => names.map(({ said }) => said[i])),
        ...[names.map(({ nearest }) => nearest), names.map(({ unknown }) => unknown), arrived, answered],
        ...[names.map(({ right }) => right), other, now.open, now.share],
        names.map(() => random.next() < now.share),
        names.map(({ levels }) => levels),
      ]);
      truths.push(...names.map(({ right }, i) => ({ product: arrived + i + 1, right })));
      arrived += names.length;
      return answered;
    },

    async promise(checks, maxError) {
      const drawn = truths.filter(() => random.next() < checks / truths.length);
      await db.rows(checking, [model, drawn.map(({ product }) => product), drawn.map(({ right }) => right)]);
      await db.rows(`select taxon.set_promise(max_error => $1, reason => 'bench', force => true)`, [
        maxError,
      ]);
    },

    async watch() {
      for (let names = -1; ; ) {
        const [seen] = await db.rows<{ names: number }>(
          'select coalesce(sum(names), 0) as names from taxon_internal.watch_drift()',
        );
        if (seen === undefined || seen.names === names) break;
        names = seen.names;
      }
      return db.rows<Alarm>(
        'select stream, branch, acted from taxon_internal.alarms where model_id = $1 order by alarm_id',
        [model],
      );
    },

    async close() {
      await db.close();
      await destroyCluster(folder);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
