import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';
import { waitsForLock } from '../support/waits-for-lock.ts';

const t = taxonDatabase();

async function model(encoder = 'e'): Promise<number> {
  const id = await t.owner.value(`select register_encoder($1, 3)`, encoder);
  const made = await t.owner.value<number>(`select save_model($1, null, '{}')`, id);
  await t.owner.rows(`select save_model_file($1, 'm', sha256('x'), 'x')`, made);
  return made;
}
const states = () => t.owner.rows('select model_id as id, state from models order by 1');

describe('promote', () => {
  test('makes a champion, returns the one before, twice is harmless', async () => {
    const first = await model();
    const second = await model();
    expect(await t.owner.rows('select * from champion()')).toEqual([]);
    expect(await t.owner.value('select promote_model($1)', first)).toBeNull();
    expect(await t.owner.value('select promote_model($1)', second)).toBe(first);
    expect(await t.owner.value('select promote_model($1)', second)).toBeNull();
    expect(await t.owner.value('select model_id from champion()')).toBe(second);
    expect(await states()).toEqual([
      { id: first, state: 'retired' },
      { id: second, state: 'champion' },
    ]);
    expect(await t.owner.value('select promote_model($1)', first)).toBe(second); // and back
  });

  test('of a model that cannot be loaded, or is none, is refused', async () => {
    const encoder = await t.owner.value(`select register_encoder('e', 3)`);
    const empty = await t.owner.value(`select save_model($1, null, '{}')`, encoder);
    await expect(t.owner.rows('select promote_model($1)', empty)).rejects.toThrow(
      'has no files and cannot be loaded',
    );
    await expect(t.owner.rows('select promote_model(987654321)')).rejects.toThrow(
      'there is no model 987654321',
    );
  });

  test('of two models at once leaves one champion', async () => {
    const first = await model();
    const [a, b] = [await model(), await model()];
    await t.owner.rows('select promote_model($1)', first);
    const other = await t.connect();
    await other.rows('begin');
    await other.rows('select taxon.promote_model($1)', a);
    const late = t.owner.rows('select promote_model($1)', b).catch((error: unknown) => error);
    await waitsForLock(t.owner, other);
    await other.rows('commit');
    expect(await late).toEqual([{ promote_model: a }]);
    expect(await states()).toEqual([
      { id: first, state: 'retired' },
      { id: a, state: 'retired' },
      { id: b, state: 'champion' },
    ]);
  });

  test('a second champion cannot be written past it', async () => {
    await t.owner.rows('select promote_model($1)', await model());
    await model();
    await expect(t.owner.rows(`update models set state = 'champion'`)).rejects.toMatchObject({
      code: '23505',
    });
  });
});

describe('files of a model', () => {
  test('with a wrong digest are refused', async () => {
    const id = await model();
    await expect(t.owner.rows(`select save_model_file($1, 'n', sha256('x'), 'y')`, id)).rejects.toMatchObject(
      { code: '23514' },
    );
    await expect(t.owner.rows(`update model_files set content = 'y'`)).rejects.toMatchObject({
      code: '23514',
    });
  });

  test('go with their model', async () => {
    await model();
    await t.owner.rows('delete from models');
    expect(await t.owner.value('select count(*) from model_files')).toBe(0);
  });
});

describe('encoders and embeddings', () => {
  const save = (encoder: unknown, names: string[], vectors: string[]) =>
    t.owner.rows('select save_embeddings($1, $2, $3)', encoder, names, vectors);
  const stored = () =>
    t.owner.rows(
      `select embedding::text as vector, labelled from embeddings order by name_hash = name_hash('a') desc`,
    );

  test('an encoder has one id; another dimension under its name is refused', async () => {
    const id = await t.owner.value(`select register_encoder('e', 3)`);
    expect(await t.owner.value(`select register_encoder('e', 3)`)).toBe(id);
    expect(await t.owner.value(`select register_encoder('f', 3)`)).not.toBe(id);
    await expect(t.owner.rows(`select register_encoder('e', 4)`)).rejects.toThrow(
      'had 3 dimensions and has 4 now',
    );
  });

  test('a name is encoded once: the first vector stays', async () => {
    const encoder = await t.owner.value(`select register_encoder('e', 3)`);
    await save(encoder, ['a'], ['[1,0,0]']);
    await save(encoder, ['a', 'b'], ['[0,1,0]', '[0,0,1]']);
    expect(await stored()).toEqual([
      { vector: '[1,0,0]', labelled: false },
      { vector: '[0,0,1]', labelled: false },
    ]);
  });

  test('two encoders do not mix', async () => {
    const [one, two] = [
      await t.owner.value(`select register_encoder('e', 3)`),
      await t.owner.value(`select register_encoder('f', 3)`),
    ];
    await save(one, ['a'], ['[1,0,0]']);
    await save(two, ['a'], ['[0,1,0]']);
    const of = (encoder: unknown) =>
      t.owner.value(`select encode(embedding, 'hex') from embeddings_of($1, array['a', 'unknown'])`, encoder);
    expect(await of(one)).toBe('000300003c0000000000');
    expect(await of(two)).toBe('0003000000003c000000');
  });

  test('a vector of another dimension is not stored', async () => {
    const encoder = await t.owner.value(`select register_encoder('e', 3)`);
    await save(encoder, ['a'], ['[1,0]']);
    expect(await stored()).toEqual([]);
  });

  test('labelled follows labels: before and after the embedding, removed and back', async () => {
    const encoder = await t.owner.value(`select register_encoder('e', 3)`);
    await t.label('a', 'Home');
    await save(encoder, ['a', 'b'], ['[1,0,0]', '[0,1,0]']);
    const flags = async () => (await stored()).map((row) => row.labelled);
    expect(await flags()).toEqual([true, false]);
    await t.label('b', 'Food');
    expect(await flags()).toEqual([true, true]);
    await t.owner.rows(`delete from labels where name_key = 'a'`);
    expect(await flags()).toEqual([false, true]);
    await t.label('a', 'Food');
    expect(await flags()).toEqual([true, true]);
  });
});

describe('label_changes', () => {
  test('holds each change and removal with before, after and who', async () => {
    const home = await t.label('a', 'Home');
    const food = await t.category('Food');
    expect(await t.owner.rows('select * from label_changes')).toEqual([]);
    await t.owner.rows(`update labels set category_id = $1, source = 'human'`, food);
    await t.owner.rows(`update labels set confidence = .5`); // changes neither category nor source
    await t.owner.rows('delete from labels');
    const rows = await t.owner.rows(
      'select name_key, before_category_id as before, before_source, after_category_id as after, after_source, changed_by from label_changes order by change_id',
    );
    expect(rows).toEqual([
      {
        name_key: 'a',
        before: home,
        before_source: 'llm',
        after: food,
        after_source: 'human',
        changed_by: 'owner',
      },
      {
        name_key: 'a',
        before: food,
        before_source: 'human',
        after: null,
        after_source: null,
        changed_by: 'owner',
      },
    ]);
  });

  test('an upsert is a change too, and of a statement each name is noted', async () => {
    const home = await t.label('a', 'Home');
    await t.label('b', 'Home');
    await t.owner.rows(
      `insert into labels (name_key, category_id, source) values ('a', $1, 'human'), ('b', $1, 'human'), ('c', $1, 'human')
       on conflict (name_hash) do update set source = excluded.source`,
      home,
    );
    expect(await t.owner.rows('select name_key from label_changes order by 1')).toEqual([
      { name_key: 'a' },
      { name_key: 'b' },
    ]);
  });
});

describe('what training reads', () => {
  test('pages of unencoded labels and of rows with path and vector, each name once', async () => {
    const encoder = await t.owner.value(`select register_encoder('e', 3)`);
    const leaf = await t.category('Home > Kitchen > Kettles');
    await t.owner.rows(
      `insert into labels (name_key, category_id, source) select 'n' || i, $1, 'import' from generate_series(1, 25) i`,
      leaf,
    );
    const pages = async (fn: string) => {
      const seen: string[] = [];
      let after: unknown = null;
      for (;;) {
        const page = await t.owner.rows<{ name_hash: Buffer; name_key: string }>(
          `select * from ${fn}($1, $2, 10)`,
          encoder,
          after,
        );
        if (page.length === 0) return seen;
        seen.push(...page.map((row) => row.name_key));
        after = page.at(-1)?.name_hash;
      }
    };
    const all = await pages('unencoded_labels');
    expect(new Set(all).size).toBe(25);
    expect(all).toHaveLength(25);
    expect(await t.owner.row('select * from count_labels($1)', encoder)).toEqual({
      labels: 25,
      unencoded: 25,
    });
    await save25(encoder, all);
    expect(await t.owner.row('select * from count_labels($1)', encoder)).toEqual({
      labels: 25,
      unencoded: 0,
    });
    expect(new Set(await pages('training_labels'))).toEqual(new Set(all));
    const { name_key, ...row } = await t.owner.row<{ name_key: string }>(
      'select name_key, l3, source, retired, encoded from training_labels($1, null, 1)',
      encoder,
    );
    expect(row).toEqual({ l3: leaf, source: 'import', retired: false, encoded: true });
    expect(
      await t.owner.row(`select encode(embedding, 'hex') as e from embeddings_of($1, $2)`, encoder, [
        name_key,
      ]),
    ).toEqual({ e: '0003000000003c000000' });
    await t.owner.rows('update categories set retired_at = now() where category_id = $1', leaf);
    expect(await t.owner.row('select retired from training_labels($1, null, 1)', encoder)).toEqual({
      retired: true,
    });
  });

  const save25 = (encoder: unknown, names: string[]) =>
    t.owner.rows(
      'select save_embeddings($1, $2, $3)',
      encoder,
      names,
      names.map(() => '[0,1,0]'),
    );
});
