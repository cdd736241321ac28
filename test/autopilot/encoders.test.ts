import { expect, it } from 'vitest';
import { retrain } from '../../src/autopilot/retrain.ts';
import { encoderProgress, freeEncoder, removeEncoder } from '../../src/database/encoders.ts';
import { holdEncoders } from '../../src/model/encoders.ts';
import { fillEmbeddings } from '../../src/sidecar/jobs/fill.ts';
import { startSidecar } from '../../src/sidecar/sidecar.ts';
import { testConfig } from '../support/config.ts';
import { until } from '../support/processes.ts';
import { insert, waitingLocally } from '../support/rows.ts';
import { shopOfFile } from '../support/shop.ts';
import { newNames } from '../support/shop-names.ts';

const shop = shopOfFile();
const old = testConfig();
// another prefix is another encoder
const next = testConfig({
  encoderPrefix: 'query: ',
  encoderBeside: [{ encoderPrefix: old.encoderPrefix }],
});
const never = new AbortController().signal;

let arrived = 20_000;
/** Lets names arrive and waits until the local layer has decided them; says which models did. */
async function decidedBy(names: number): Promise<number[]> {
  const { last } = await shop.db.row<{ last: number }>(
    'select coalesce(max(evidence_id), 0) as last from taxon_internal.evidence',
  );
  const some = newNames(names, arrived).map(({ name }) => name);
  arrived += names;
  await insert(shop.db, some);
  await until(
    async () => ({
      local: await waitingLocally(shop.db),
      leased: await shop.db.rows(
        `select from taxon_internal.queue where available_at > now() + interval '1 s'`,
      ),
    }),
    ({ local, leased }) => local === 0 && leased.length === 0,
  );
  const rows = await shop.db.rows<{ model_id: number }>(
    `select distinct e.model_id from taxon_internal.evidence e join taxon.products p using (evidence_id) where e.evidence_id > $1 order by 1`,
    [last],
  );
  return rows.map(({ model_id }) => model_id);
}

it('is filled in the background, unless that is paused or names wait', async () => {
  const missing = async () => (await encoderProgress(shop.db)).map(({ missing }) => missing);
  const encoders = holdEncoders(next);
  try {
    await shop.db.rows(`select taxon.set_setting('fill_embeddings', 'false')`);
    expect(await fillEmbeddings(shop.db, encoders, never)).toBe(0);
    await shop.db.rows(`select taxon.set_setting('fill_embeddings', 'true')`);
    await insert(shop.db, ['a name that waits']);
    expect(await fillEmbeddings(shop.db, encoders, never)).toBe(0);
    await shop.db.rows('delete from taxon_internal.queue');
    // a row that waits and is not queued is found by a sidecar
    await shop.db.rows('delete from taxon.products');
    const labels = await shop.db.row<{ n: number }>('select count(*) as n from taxon.labels');
    expect(await fillEmbeddings(shop.db, encoders, never)).toBe(labels.n);
    expect(await missing()).toEqual([0, 0]);
    expect(await fillEmbeddings(shop.db, encoders, never)).toBe(0);
  } finally {
    await encoders.close();
  }
});

it('a model of the next encoder watches, answers, and gives way again, while sidecars go on', async () => {
  await shop.db.rows(`select taxon.set_setting('shadow_names', '100000')`);
  const { model_id } = await retrain(shop.db, next, { reason: 'another encoder', clean: false, seed: 2 });
  const sidecar = await startSidecar(shop.url, { ...next, retrain: false }, [], null);
  try {
    // names that were taken before the shadow was loaded are not judged by it
    await until(
      async () => {
        expect(await decidedBy(20)).toEqual([1]);
        return shop.db.row<{ n: number }>(
          'select count(*) as n from taxon_internal.evidence where model_id = $1',
          [model_id],
        );
      },
      ({ n }) => n >= 60,
    );
    await shop.db.rows('select taxon.promote_model($1, force => true, reason => $2)', [model_id, 'the test']);
    await until(
      () => decidedBy(5),
      ([model]) => model === model_id,
    );
    expect(await decidedBy(40)).toEqual([model_id]);
    await expect(removeEncoder(shop.db, 2)).rejects.toThrow(
      `encoder 2 is read by model ${model_id}, the champion`,
    );
    await shop.db.rows('select taxon.roll_back_model()');
    await until(
      () => decidedBy(5),
      ([model]) => model === 1,
    );
    expect(await decidedBy(40)).toEqual([1]);
  } finally {
    await sidecar.stop();
  }
});

it('is removed by command, when no model in use reads it', async () => {
  const [, before] = await encoderProgress(shop.db);
  let removed = 0;
  for (let n = -1; n !== 0; removed += n) n = await removeEncoder(shop.db, 2);
  await freeEncoder(shop.db, 2);
  expect(removed).toBe(before?.embeddings);
  expect((await encoderProgress(shop.db))[1]).toMatchObject({ embeddings: 0, bytes: 0, roles: [] });
  await expect(removeEncoder(shop.db, 9)).rejects.toThrow('there is no encoder 9');
});
