import { describe, expect, test } from 'vitest';
import { taxonHere } from '../support/command.ts';
import { shopOfFile } from '../support/shop.ts';

const shop = shopOfFile();

const states = () => shop.db.rows('select model_id, state from taxon_internal.models order by 1');
const train = async (...flags: string[]) => {
  const { code, stdout, stderr } = await taxonHere(
    ['train', '--no-clean', '--seed', '1', '--epochs', '3', ...flags],
    {
      DATABASE_URL: shop.url,
    },
  );
  return { code, last: stdout.trimEnd().split('\n').at(-1), stdout, stderr };
};

describe('taxon train beside a champion', () => {
  test('a worse model is not promoted: the last line says what won and why', async () => {
    // it knows the top categories alone
    const { code, last } = await train('--levels', '1');
    expect(code).toBe(0);
    expect(last).toMatch(
      /^model 1 won, it stays the champion; model 2 is kept: worse on held-out labels, and people's names do not say otherwise: \d+ lost, 0 won of \d+; .*all the same: taxon model promote 2 --force "reason"$/,
    );
    expect(await states()).toEqual([
      { model_id: 1, state: 'champion' },
      { model_id: 2, state: 'retired' },
    ]);
    expect(await shop.db.rows('select passed, champion from taxon.gate_report(2)')).toEqual([
      { passed: false, champion: 1 },
    ]);
  });

  test('--promote overrides with a reason, which promotions keeps', async () => {
    const { last } = await train('--levels', '1', '--promote', 'the shelf is all we show');
    expect(last).toMatch(
      /^model 3 is the champion by --promote, although model 1 won: worse on held-out labels/,
    );
    expect(
      await shop.db.rows('select model_id, forced from taxon_internal.promotions order by promotion_id'),
    ).toEqual([
      { model_id: 1, forced: null },
      { model_id: 3, forced: 'the shelf is all we show' },
    ]);
    expect(await train('--promote', ' ')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--promote goes with a reason'),
    });
  });

  test('one that is no worse on the same names takes over', async () => {
    const { stdout, last } = await train('--json');
    expect(last).toBe(stdout.trimEnd());
    const { model_id, gate } = JSON.parse(stdout);
    expect(gate).toMatchObject({ promoted: true, passed: true, before: 3 });
    expect(gate.reasons).toContainEqual(
      expect.stringMatching(/^held-out labels: 0 worse, \d+ better of \d+$/),
    );
    expect((await states()).at(-1)).toEqual({ model_id, state: 'champion' });
    // both were asked about every name
    expect(
      await shop.db.rows(
        'select model_id, count(*) as n, count(said) as said from taxon_internal.gate_answers group by 1 order by 1',
      ),
    ).toMatchObject([1, 2, 3, model_id].map((model_id) => ({ model_id })));
  });
});
