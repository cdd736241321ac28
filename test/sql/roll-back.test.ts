import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

async function model(): Promise<number> {
  const encoder = await t.owner.value(`select register_encoder('e', 3)`);
  const made = await t.owner.value<number>(`select save_model($1, null, '{}')`, encoder);
  await t.owner.rows(`select save_model_file($1, 'm', sha256('x'), 'x')`, made);
  return made;
}

describe('roll_back_model', () => {
  const champion = () => t.owner.value('select model_id from champion()');
  const back = () => t.owner.value('select roll_back_model()');

  test('goes back one champion a call, not to and fro, and says when there is none before', async () => {
    await expect(back()).rejects.toThrow('there is no champion to roll back');
    const [a, b, c] = [await model(), await model(), await model()];
    for (const id of [a, b, c]) await t.owner.rows('select promote_model($1)', id);
    expect([await back(), await champion()]).toEqual([b, b]);
    expect([await back(), await champion()]).toEqual([a, a]);
    await expect(back()).rejects.toThrow(`there is no champion before model ${a}`);
    expect(await champion()).toBe(a);
    // after a promotion there is one again
    await t.owner.rows('select promote_model($1)', c);
    expect(await back()).toBe(a);
  });

  test('goes past a champion that was deleted', async () => {
    const [a, b, c] = [await model(), await model(), await model()];
    for (const id of [a, b, c]) await t.owner.rows('select promote_model($1)', id);
    await t.owner.rows('delete from models where model_id = $1', b);
    expect(await back()).toBe(a);
  });

  test('keeps the history of who promoted what', async () => {
    const [a, b] = [await model(), await model()];
    for (const id of [a, b]) await t.owner.rows('select promote_model($1)', id);
    await back();
    expect(
      await t.owner.rows(
        'select model_id, promoted_by, rolled_back_at is not null as undone from promotions order by promotion_id',
      ),
    ).toEqual([
      { model_id: a, promoted_by: 'owner', undone: true },
      { model_id: b, promoted_by: 'owner', undone: true },
      { model_id: a, promoted_by: 'owner', undone: false },
    ]);
  });
});

test('models_readable shows what made a model and how large it is', async () => {
  const encoder = await t.owner.value(`select register_encoder('e', 3)`);
  const id = await t.owner.value<number>(
    `select save_model($1, null, '{}', '{"l1": 0.9}', '{"labels": 7, "sha256": "ab"}', '1.2.3', 5, '{"epochs": 2}')`,
    encoder,
  );
  await t.owner.rows(`select save_model_file($1, 'a', sha256('xyz'), 'xyz')`, id);
  await t.owner.rows(`select save_model_file($1, 'b', sha256('z'), 'z')`, id);
  expect(await t.owner.row('select * from models_readable')).toMatchObject({
    model_id: id,
    state: 'candidate',
    encoder: 'e',
    labels: 7,
    metrics: { l1: 0.9 },
    code_version: '1.2.3',
    seed: 5,
    settings: { epochs: 2 },
    files: 2,
    bytes: 4,
  });
});
