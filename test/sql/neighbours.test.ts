import { beforeEach, describe, expect, test } from 'vitest';
import type { Path } from '../../src/model/types.ts';
import { nearest } from '../../src/train/join/neighbours.ts';
import { seededRandom } from '../../src/train/random.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();
const dimension = 24;
const [labelled, all, k] = [750, 800, 30];

const names = Array.from({ length: all }, (_, i) => `name ${i}`);
const random = seededRandom(7);
/** Around 40 centres, as names lie around their categories; rounded as halfvec rounds. */
const matrix = new Float32Array(all * dimension);
const categories: number[] = [];

interface Row {
  name_key: string;
  neighbour_key: string;
  category_id: number;
  cosine: number;
}
const asked = names.filter((_, i) => i % 8 === 0);
const ask = () => t.owner.rows<Row>('select * from neighbours($1, $2, 1)', asked, k);

const centres = Array.from({ length: 40 }, () =>
  Float32Array.from({ length: dimension }, () => random.next() - 0.5),
);
for (let i = 0; i < all; i++) {
  const vector = (centres[i % 40] as Float32Array).map((x) => x + 0.3 * (random.next() - 0.5));
  const norm = Math.hypot(...vector);
  matrix.set(new Float32Array(new Float16Array(vector.map((x) => x / norm))), i * dimension);
}

// tables are empty before each test
beforeEach(async () => {
  categories.length = 0;
  for (const leaf of ['a', 'b'])
    categories.push(
      Number((await t.owner.row<{ id: string }>('select make_category($1) as id', ['top', leaf])).id),
    );
  await t.owner.rows(`select register_encoder('test', $1)`, dimension);
  await t.owner.rows(
    `insert into labels (name_key, category_id, source)
       select n, case when i % 2 = 1 then $2::bigint else $3::bigint end, 'llm' from unnest($1::text[]) with ordinality u(n, i)`,
    names.slice(0, labelled),
    categories[0],
    categories[1],
  );
  await t.owner.rows(
    'select save_embeddings(1, $1, $2)',
    names,
    names.map((_, i) => `[${matrix.subarray(i * dimension, (i + 1) * dimension).join()}]`),
  );
});

/** What training finds by matrix products. */
async function byProducts(): Promise<Map<string, number[]>> {
  const paths = names.map((_, i): Path => [i + 1, null, null]);
  const rows = Int32Array.from(asked, (name) => names.indexOf(name));
  const vectors = Array.from(rows, (row) => matrix.subarray(row * dimension, (row + 1) * dimension));
  const found = await nearest(
    { embeddings: matrix, dimension, paths },
    { vectors, self: rows },
    Int32Array.from(Array(labelled).keys()),
    k,
  );
  return new Map(asked.map((name, i) => [name, (found[i] ?? []).map(({ path }) => path[0] - 1)]));
}

/** Runs some work with the HNSW index of the champion's encoder. */
async function useIndex(work: () => Promise<void>): Promise<void> {
  await t.owner.rows(
    `insert into models (encoder_id, manifest, state) values (1, '{}', 'champion') on conflict do nothing`,
  );
  await t.owner.rows(await t.owner.value<string>('select neighbour_index()'));
  await t.owner.rows(`select set_setting('neighbours', '"hnsw"')`);
  await work();
}

/** The share of some neighbours that comparing with all labels finds too, of as many. */
async function shareOfExact(rows: Row[]): Promise<number> {
  await t.owner.rows(`select set_setting('neighbours', '"exact"')`);
  const exact = await ask();
  expect(rows).toHaveLength(exact.length);
  const key = (row: Row) => `${row.name_key}\n${row.neighbour_key}`;
  const known = new Set(exact.map(key));
  return rows.filter((row) => known.has(key(row))).length / rows.length;
}

describe('neighbours', () => {
  test('are those that training finds by matrix products: labelled, nearest first, never the name itself', async () => {
    const expected = await byProducts();
    const rows = await ask();
    for (const name of asked) {
      const mine = rows.filter((row) => row.name_key === name);
      expect(mine).toHaveLength(k);
      expect(mine.map((row) => row.neighbour_key)).not.toContain(name);
      const cosines = mine.map((row) => row.cosine);
      expect(cosines).toEqual([...cosines].sort((a, b) => b - a));
      // two neighbours may be equally near: sets, but for a last one
      const theirs = new Set(expected.get(name)?.map((i) => names[i]));
      expect(mine.filter((row) => !theirs.has(row.neighbour_key)).length).toBeLessThanOrEqual(1);
      for (const { neighbour_key, category_id } of mine) {
        const i = names.indexOf(neighbour_key);
        expect(i).toBeLessThan(labelled);
        expect(Number(category_id)).toBe(categories[i % 2]);
      }
    }
  });

  test('of a vector that is not stored, and none of a name without one', async () => {
    const vector = `[${matrix.subarray(0, dimension).join()}]`;
    const [row] = await t.owner.rows<Row>('select * from neighbours($1, 1, 1, $2)', ['unheard of'], [vector]);
    expect(row).toMatchObject({ name_key: 'unheard of', neighbour_key: 'name 0' });
    expect(row?.cosine).toBeCloseTo(1, 2);
    expect(await t.owner.rows('select * from neighbours($1, 1, 1)', ['unheard of'])).toEqual([]);
  });

  test('of a vector that is given in place of the stored one, still never the name itself', async () => {
    const vector = `[${matrix.subarray(5 * dimension, 6 * dimension).join()}]`;
    const rows = await t.owner.rows<Row>('select * from neighbours($1, 2, 1, $2)', ['name 0'], [vector]);
    expect(rows[0]).toMatchObject({ name_key: 'name 0', neighbour_key: 'name 5' });
    const own = `[${matrix.subarray(0, dimension).join()}]`;
    const others = await t.owner.rows<Row>('select * from neighbours($1, 30, 1, $2)', ['name 0'], [own]);
    expect(others.map((row) => row.neighbour_key)).not.toContain('name 0');
    expect(others).toHaveLength(30);
  });

  test("are the champion's encoder's where none is named, and none of a name whose label is gone", async () => {
    expect(await t.owner.rows('select * from neighbours($1, 1)', ['name 0'])).toEqual([]);
    await t.owner.rows(`insert into models (encoder_id, manifest, state) values (1, '{}', 'champion')`);
    await t.owner.rows(`select register_encoder('other', $1)`, dimension);
    await t.owner.rows(
      'select save_embeddings(2, $1, $2)',
      ['name 1'],
      [`[${Array(dimension).fill(0.2).join()}]`],
    );
    const nearest = () => t.owner.row<Row>('select * from neighbours($1, 1)', ['name 0']);
    const first = await nearest();
    expect(first.neighbour_key).not.toBe('name 0');
    await t.owner.rows('delete from labels where name_key = $1', first.neighbour_key);
    const second = await nearest();
    expect(second.neighbour_key).not.toBe(first.neighbour_key);
    expect(second.cosine).toBeLessThanOrEqual(first.cosine);
  });

  test('by the HNSW index nearly all are the same, also when labels were taken back, vacuumed and given anew', async () => {
    await useIndex(async () => {
      const scans = async () => {
        await t.owner.rows('select pg_stat_force_next_flush()');
        return t.owner.value<number>(
          `select idx_scan from pg_stat_user_indexes where indexrelname = 'embeddings_near_1'`,
        );
      };
      const before = await scans();
      const rows = await ask();
      expect(await scans()).toBeGreaterThanOrEqual(before + asked.length);
      expect(await shareOfExact(rows)).toBeGreaterThan(0.95);
    });
    // nine labels of ten are taken back: the index still holds their vectors, the scan goes on past them
    await t.owner.rows(`delete from labels where right(name_key, 1) <> '7'`);
    const left = async () => {
      const rows = await ask();
      expect(rows).toHaveLength(asked.length * k);
      expect(rows.every((row) => row.neighbour_key.endsWith('7'))).toBe(true);
      expect(await shareOfExact(rows)).toBeGreaterThan(0.95);
    };
    await useIndex(left);
    // and holds them no more
    await t.owner.rows('vacuum embeddings');
    await useIndex(left);
    // given back, all of another category
    await t.owner.rows(
      `insert into labels (name_key, category_id, source) select n, $2, 'llm' from unnest($1::text[]) n on conflict (name_hash) do update set category_id = $2`,
      names.slice(0, labelled),
      categories[1],
    );
    await useIndex(async () => {
      const rows = await ask();
      expect(rows.every((row) => Number(row.category_id) === categories[1])).toBe(true);
      expect(new Set(rows.map((row) => row.neighbour_key.at(-1))).size).toBeGreaterThan(1);
      expect(await shareOfExact(rows)).toBeGreaterThan(0.95);
    });
  });

  test("are there for the sidecar's role in the first statement of its session, and not for the writer's", async () => {
    await useIndex(async () => {
      const sidecar = await t.connect('taxon_sidecar', 'taxon, taxon_internal, extensions, public');
      expect(await sidecar.rows('select * from neighbours($1, $2)', ['name 0'], k)).toHaveLength(k);
    });
    const writer = await t.connect('taxon_writer', 'taxon, taxon_internal, extensions, public');
    await expect(writer.rows('select * from neighbours($1, $2)', ['name 0'], k)).rejects.toThrow(
      'permission denied',
    );
  });

  test('are none where the setting says so', async () => {
    await t.owner.rows(`select set_setting('neighbours', '"off"')`);
    expect(await ask()).toEqual([]);
    await expect(t.owner.rows(`select set_setting('neighbours', '"near"')`)).rejects.toThrow(
      'takes "auto", "exact", "hnsw", "off"',
    );
  });

  test('by a new index are not used where a model would decide one name in a hundred otherwise', async () => {
    const superuser = await t.superuser();
    await superuser.rows(`update pg_extension set extversion = '0.8.6' where extname = 'vector'`);
    await useIndex(async () => {});
    await t.owner.rows(`select set_setting('neighbours', '"auto"')`);
    const way = () => t.owner.value('select neighbours_by(1)');
    expect(await way()).toBe('exact');
    const sure = { category_id: categories[0], confidence: [0.9, 0.9, 0.8] };
    const unsure = { ...sure, confidence: [0.9, 0.9, 0.1] };
    const other = { ...sure, category_id: categories[1] };
    const save = (pairs: object[], recall: number) =>
      t.owner.row('select * from save_index_comparison(1, 1, $1, $2)', recall, JSON.stringify(pairs));
    const alike = (n: number) =>
      Array(n).fill({ exact: sure, index: { ...sure, confidence: [0.9, 0.9, 0.75] } });
    const [promise] = await t.owner.rows<{ promise_id: number }>(
      `insert into promises (max_error, confidence, reason) values (.05, .95, 'test') returning promise_id`,
    );
    // another answer that is passed on either way is no other decision
    const harmless = { exact: unsure, index: { ...other, confidence: [0.9, 0.9, 0.1] } };
    expect(
      await save([...alike(97), harmless, { exact: sure, index: unsure }, { exact: sure, index: other }], 1),
    ).toMatchObject({
      ...{ names: 100, other_answers: 2, other_decisions: 2, passed: false },
      promise_id: promise?.promise_id,
    });
    expect(await way()).toBe('exact');
    expect(
      (await t.owner.row<{ detail: string }>(`select * from neighbours_health() where item = 'neighbours'`))
        .detail,
    ).toContain('ms a name');
    expect(await save(alike(100), 0.89)).toMatchObject({ other_decisions: 0, passed: false });
    expect(await way()).toBe('exact');
    const passed = await save([...alike(99), { exact: unsure, index: sure }], 0.95);
    expect(passed).toMatchObject({ other_decisions: 1, passed: true });
    expect(passed.largest_shift).toBeCloseTo(0.7, 5);
    expect(await way()).toBe('hnsw');
  });
});
