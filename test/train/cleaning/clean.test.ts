import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { confidentMistakes, undoRun } from '../../../src/database/cleaning.ts';
import { type Database, openDatabase } from '../../../src/database/connection/open.ts';
import { saveEmbeddings } from '../../../src/database/queue.ts';
import { registerEncoder } from '../../../src/database/registry.ts';
import { cleanMemory } from '../../../src/train/cleaning/clean.ts';
import { readDataset } from '../../../src/train/data/dataset.ts';
import { asRun } from '../../../src/train/lease.ts';
import { seededRandom } from '../../../src/train/random.ts';
import { taxonDatabase } from '../../support/sql.ts';

const t = taxonDatabase();
const [dimension, count] = [12, 2500];
const words = ['kettle', 'toaster', 'lamp', 'sandal', 'bread', 'shampoo'];
const names = Array.from({ length: count }, (_, i) => `${words[i % words.length]} nr${i}`);
let db: Database;
let encoderId: number;
let truth: number[];

beforeAll(() => {
  db = openDatabase(t.database.url, loadConfig({}, {}));
});
afterAll(() => db.close());
/** An eighth of the labels is wrong, every 50th name is labelled by a person (a wrong one among them). */
beforeEach(async () => {
  const random = seededRandom(2);
  encoderId = await registerEncoder(db, 'test', dimension);
  const ids: number[] = [];
  for (const word of words) ids.push(await t.category(`top > mid > ${word}`));
  truth = names.map((_, i) => ids[i % ids.length] as number);
  const given = truth.map((id) =>
    random.next() < 0.15 ? (ids[Math.floor(random.next() * ids.length)] as number) : id,
  );
  await t.owner.rows(
    `insert into labels (name_key, category_id, source)
       select n, c, case when i % 50 = 1 then 'human' else 'llm' end from unnest($1::text[], $2::bigint[]) with ordinality u(n, c, i)`,
    names,
    given,
  );
  const vectors = names.map((_, i) =>
    Float32Array.from(
      { length: dimension },
      (_, j) => (j === i % words.length ? 1 : 0) + 0.3 * (random.next() - 0.5),
    ),
  );
  await saveEmbeddings(
    db,
    encoderId,
    names,
    vectors.map((vector) => vector.map((x) => x / Math.hypot(...vector))),
  );
});

const wrong = async () => {
  const rows = await t.owner.rows<{ name_key: string; category_id: number; source: string }>(
    'select name_key, category_id, source from labels',
  );
  const at = new Map(names.map((name, i) => [name, i]));
  return rows.filter((row) => Number(row.category_id) !== truth[at.get(row.name_key) as number]);
};
const everything = () => t.owner.rows('select * from labels order by name_hash');

async function clean(dryRun = false) {
  const report = await asRun(db, { clean: true }, 60, undefined, async (run) => {
    const set = await readDataset(db, encoderId, dimension, run.signal);
    return (await cleanMemory(db, run, set, { dryRun })).report;
  });
  return { report };
}

describe('cleaning', () => {
  test('mends most wrong labels, never those of people, and can be taken back in every column', async () => {
    const [before, all] = [await wrong(), await everything()];
    const { report } = await clean();
    const run = report.applied?.run_id ?? 0;
    const after = await wrong();
    expect(report.applied?.changed).toBe(report.proposed);
    expect(after.length).toBeLessThan(before.length * 0.4);
    const people = (rows: typeof before) =>
      rows.filter((row) => row.source === 'human').map((row) => row.name_key);
    expect(people(before).length).toBeGreaterThan(3);
    expect(people(after).sort()).toEqual(people(before).sort());
    const changes = await t.owner.rows('select reason, confidence, run_id from label_changes');
    expect(changes).toHaveLength(report.proposed);
    expect(changes[0]).toMatchObject({ run_id: run, reason: expect.stringContaining('disagree') });
    // the evidence of people's wrong labels stays to be looked at
    const mistakes = await confidentMistakes(db, 100);
    expect(mistakes.filter((row) => row.source === 'human').length).toBeGreaterThan(0);

    expect(await undoRun(db, run)).toMatchObject({ labels_restored: report.proposed, labels_kept: 0 });
    expect(await everything()).toEqual(all);
  });

  test('a second time finds what the first left, from the labels as they were given', async () => {
    const { report: first } = await clean();
    const { report: second } = await clean();
    expect(first.proposed).toBeGreaterThan(200);
    expect(second.proposed).toBe(0);
  });

  test('a dry run writes nothing', async () => {
    const all = await everything();
    const { report } = await clean(true);
    expect(report).toMatchObject({ applied: null });
    expect(report.proposed).toBeGreaterThan(200);
    expect(await everything()).toEqual(all);
    expect(await t.owner.rows('select from out_of_fold')).toEqual([]);
  });
});
