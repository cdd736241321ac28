import { expect, test } from 'vitest';
import { normalise } from '../../../src/normalise.ts';
import { taxonHere } from '../../support/command.ts';
import { shopOfFile } from '../../support/shop.ts';
import { newNames } from '../../support/shop-names.ts';

/** Every fifth says nothing of what it is: the model is wrong there, so that there is something to calibrate. */
const names = newNames(80, 7000);
const shop = shopOfFile();

const taxon = (args: string[], stdin = '') => taxonHere(args, { DATABASE_URL: shop.url }, stdin);
const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await taxon([...args, '--json']);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
};

/** Judged by a person, drawn before the model of today said anything of them. */
async function check(some: typeof names): Promise<void> {
  await shop.db.rows(
    `insert into taxon_internal.checks (name_key, layer, strategy, weight, verdict, truth_category_id, checked_by, checked_at)
     select taxon.normalise(c.name), 'local', 'uniform', 1, false, taxon_internal.make_category(c.path), 'me', now()
     from jsonb_to_recordset($1) c(name text, path text[])`,
    [JSON.stringify(some)],
  );
}

test('with no checks it says what is missing, and is no failure', async () => {
  const done = await json('train', '--recalibrate');
  expect(done).toMatchObject({ model_id: 1, scored: 0, calibration: null, checks: 0, checks_short: 50 });
  expect(done.after.map(({ names }: { names: number }) => names)).toEqual([0, 0, 0]);
  const { code, stdout } = await taxon(['train', '--recalibrate']);
  expect(code).toBe(0);
  expect(stdout).toContain('not certified: 50 checks short');
  expect(stdout).toContain('nothing was fitted');
});

test('it asks the model about the checked names as the sidecar does, and fits the calibration on them', async () => {
  await check(names);
  const before = await taxon(['classify', '--layers', 'local'], names.map(({ name }) => name).join('\n'));
  const said = new Map(
    before.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { name: string; confidence: number[] })
      .map(({ name, confidence }) => [normalise(name), confidence]),
  );
  const done = await json('train', '--recalibrate');
  expect(done).toMatchObject({
    ...{ model_id: 1, scored: 80, checks: 80, checks_short: 0, state: 'fitted on 80 checked names' },
    calibration: { fitted_on: 'checks', names: 80 },
  });
  const rows = await shop.db.rows<{ name_key: string; said: number[] }>(
    `select c.name_key, array[s.l1_said, s.l2_said, s.l3_said] as said from taxon_internal.checks c join taxon_internal.check_scores s using (check_id)`,
  );
  expect(rows).toHaveLength(80);
  for (const row of rows)
    for (const [level, value] of row.said.entries())
      expect(value).toBeCloseTo(said.get(row.name_key)?.[level] as number, 5);
  for (const level of [0, 1, 2]) {
    expect(done.after[level]).toMatchObject({ level: level + 1, names: 80 });
    expect(done.before[level].error).toBe(done.after[level].said_error);
    expect(done.after[level].error).toBeLessThan(0.2);
  }
});

test('what is answered then uses the calibrated confidences; the same names pass', async () => {
  const ask = async () => {
    const { stdout } = await taxon(
      ['classify', '--layers', 'local'],
      newNames(60, 9000)
        .map(({ name }) => name)
        .join('\n'),
    );
    const lines = stdout.trim().split('\n');
    return lines.map((line) => JSON.parse(line) as { layer: string | null; confidence: number[] });
  };
  const calibrated = await ask();
  const [row] = await shop.db.rows<{ thresholds: number[]; certified: boolean; cause: string }>(
    `select array[l1, l2, l3] as thresholds, certified, cause from taxon_internal.thresholds`,
  );
  expect(row).toMatchObject({ certified: false, cause: 'recalibrated' });
  expect(row?.thresholds).not.toEqual([0.75, 0.55, 0.4]);
  await shop.db.rows('truncate taxon_internal.thresholds, taxon_internal.calibrations cascade');
  const plain = await ask();
  expect(calibrated.map(({ layer }) => layer)).toEqual(plain.map(({ layer }) => layer));
  expect(new Set(plain.map(({ layer }) => layer))).toEqual(new Set(['local', null]));
  expect(calibrated.map(({ confidence }) => confidence)).not.toEqual(
    plain.map(({ confidence }) => confidence),
  );
});

test('another model is asked about all of them first; a table for people', async () => {
  await shop.db.rows(
    `with m as (insert into taxon_internal.models (encoder_id, manifest) select encoder_id, manifest from taxon_internal.models returning model_id)
     insert into taxon_internal.model_files select m.model_id, f.name, f.sha256, f.content from m, taxon_internal.model_files f`,
  );
  const { code, stdout } = await taxon(['train', '--recalibrate', '--model', '2']);
  expect(code).toBe(0);
  expect(stdout).toContain('model 2: fitted on 80 checked names; asked about 80 checked names');
  expect(stdout).toMatch(/^l3 \(the whole path\) +80 +0\.\d{3} +0\.\d{3} +0\.\d{3} +0\.\d{3}$/m);
  expect(await json('train', '--recalibrate', '--model', '2')).toMatchObject({ scored: 0, checks: 80 });
});

test('a model that there is not, and what is no number, are refused', async () => {
  expect(await taxon(['train', '--recalibrate', '--model', '77'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('there is no model 77'),
  });
  expect(await taxon(['train', '--recalibrate', '--model', 'x'])).toMatchObject({ code: 2, stdout: '' });
});
