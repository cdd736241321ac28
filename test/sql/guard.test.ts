import { beforeEach, describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';
import { waitsForLock } from '../support/waits-for-lock.ts';

const t = taxonDatabase();

const iphone = 'iPhone 15 Pro Max 256GB';
/** Words that memory has with and without, each on phones of its own, and whether the category changes with it. */
const memory: [word: string, category: string, phones: string[]][] = [
  [
    'case',
    'Cases',
    ['Samsung Galaxy Ultra 512GB', 'Xiaomi Redmi Note 13', 'Motorola Edge Neo', 'Nokia Purple G42'],
  ],
  [
    'etui',
    'Cases',
    ['Google Pixel Obsidian 8', 'Oppo Reno Lite 5G', 'Honor Magic Lite 6', 'Realme Narzo Prime'],
  ],
  ['чехол', 'Cases', ['Huawei Nova Youth', 'Sony Xperia Compact', 'Asus Zenfone Laser', 'Tecno Spark Go']],
  [
    'silver',
    'Phones',
    ['Vivo Flagship', 'Infinix Smart Hot', 'Blackview Rugged', 'Alcatel Classic', 'Doogee Mini'],
  ],
];
const blocked = (name: string) =>
  t.owner.rows<{ matched_key: string; blocked_by: string | null }>(
    `select matched_key, blocked_by from look_up($1) where layer = 'similar' limit 1`,
    name,
  );
/** The word that forbids the second name's category to the first one; by default the category that phones have. */
const blockingWord = (name: string, other: string, category = 'Phones') =>
  t.owner.value<string | null>(
    'select blocking_word(normalise($1), normalise($2), (select category_id from categories where name = $3))',
    name,
    other,
    category,
  );
const similar = (name: string) => t.owner.rows('select matched_key from similar_label(normalise($1))', name);

beforeEach(async () => {
  await t.label(iphone, 'Phones');
  for (const [word, category, phones] of memory)
    for (const phone of phones) {
      await t.label(phone, 'Phones');
      await t.label(`${phone} ${word}`, category);
    }
  await t.owner.rows('select learn_guard()');
});

describe('the guard', () => {
  test.each(['case', 'etui', 'чехол'])('iPhone 15 Pro Max 256GB is not the same with "%s"', async (word) => {
    const name = `iPhone 15 Pro Max 256GB ${word}`;
    expect(await t.owner.value('select similarity($1, $2)', 'iphone 15 pro max 256gb', name)).toBeGreaterThan(
      0.75,
    );
    expect(await blocked(name)).toEqual([{ matched_key: 'iphone 15 pro max 256gb', blocked_by: word }]);
    expect(await similar(name)).toEqual([]);
  });

  test('nor the other way round: a phone is not answered by its case', async () => {
    await t.owner.rows(`delete from labels where name_key = 'xiaomi redmi note 13'`);
    expect(await blocked('Xiaomi Redmi Note 13')).toEqual([
      { matched_key: 'xiaomi redmi note 13 case', blocked_by: 'case' },
    ]);
    // but by a phone that is less similar than the case
    await t.label('Xiaomi Redmi Note 13 extended', 'Phones');
    expect(await similar('Xiaomi Redmi Note 13')).toEqual([{ matched_key: 'xiaomi redmi note 13 extended' }]);
  });

  test('learns no word that memory does not tell apart', async () => {
    const words = await t.owner.rows('select token from guard_tokens where decides order by 1');
    expect(words).toEqual([{ token: 'case' }, { token: 'etui' }, { token: 'чехол' }]);
    expect(await similar('iPhone 15 Pro Max 256GB silver')).toEqual([
      { matched_key: 'iphone 15 pro max 256gb' },
    ]);
    expect(await similar('iPhone 15 Pro Max 256GB red')).toEqual([
      { matched_key: 'iphone 15 pro max 256gb' },
    ]);
  });

  test('a case is similar to another case', async () => {
    expect(await blocked('Samsung Galaxy Ultra 256GB case')).toEqual([
      { matched_key: 'samsung galaxy ultra 512gb case', blocked_by: null },
    ]);
  });

  test.each(['256 gb', '256GB 8GB', '512GB', '128', '1.5 kg', '2 шт', '10 szt', '12 л', 'x 2', 'A2894'])(
    'numbers and units alone never block: %s',
    async (addition) => {
      // even if memory would tell them apart
      await t.owner.rows(
        `insert into guard_tokens select w, 100, 1, true from unnest(string_to_array(normalise($1), ' ')) w on conflict do nothing`,
        addition,
      );
      const name = `iPhone 15 Pro Max 256GB ${addition}`;
      expect(await blockingWord(name, iphone)).toBeNull();
    },
  );

  test.each([
    ['чехл', 'чехол'],
    ['чехоол', 'чехол'],
    ['cases', 'case'],
    ['etuui', 'etui'],
  ])('a typo of a guarded word does not block: %s for %s', async (typo, word) => {
    const right = `samsung galaxy ultra 512gb ${word}`;
    const written = `samsung galaxy ultra 512gb ${typo}`;
    expect(await blockingWord(written, right, 'Cases')).toBeNull();
    expect(await blockingWord(right, written, 'Cases')).toBeNull();
  });

  test('word order and punctuation do not matter', async () => {
    expect(await blockingWord('case, (iphone 15)', 'iphone 15 case')).toBeNull();
    expect(await blockingWord('iphone 15 [case]', 'iphone 15')).toBe('case');
  });

  test('can be switched off', async () => {
    await t.owner.rows(`select set_setting('guard', 'false')`);
    expect(await similar('iPhone 15 Pro Max 256GB case')).toEqual([
      { matched_key: 'iphone 15 pro max 256gb' },
    ]);
  });

  test('blocks nothing before it has learnt', async () => {
    await t.owner.rows('delete from guard_tokens');
    expect(await similar('iPhone 15 Pro Max 256GB case')).toHaveLength(1);
  });
});

describe('a word that is at home elsewhere', () => {
  const chargers = ['Anker Nano charger', 'Baseus GaN 65W charger', 'Ugreen desktop charger 100W'];

  /** Chargers of makers of their own: no pair of names tells the word apart. */
  async function learnChargers(categories: string[]): Promise<void> {
    for (const [i, name] of chargers.entries()) await t.label(name, categories[i] ?? '');
    await t.owner.rows('select learn_guard()');
  }

  test('blocks, though no two names of memory differ in it alone', async () => {
    expect(await similar(`${iphone} charger`)).toHaveLength(1);
    await learnChargers(['Chargers', 'Chargers', 'Chargers']);
    expect(await t.owner.rows(`select decides, seen from guard_tokens where token = 'charger'`)).toEqual([
      { decides: false, seen: 3 },
    ]);
    expect(await blocked(`${iphone} charger`)).toEqual([
      { matched_key: 'iphone 15 pro max 256gb', blocked_by: 'charger' },
    ]);
  });

  test('does not block an answer where it is at home', async () => {
    await learnChargers(['Chargers', 'Chargers', 'Chargers']);
    expect(await blockingWord('Anker Nano 2 charger', 'Anker Nano 2', 'Chargers')).toBeNull();
    expect(await blockingWord('Anker Nano 2 charger', 'Anker Nano 2', 'Phones')).toBe('charger');
  });

  test('may have two homes, and one that is seen twice or held by no half has none', async () => {
    await learnChargers(['Chargers', 'Chargers', 'Phones']);
    expect(await similar(`${iphone} charger`)).toHaveLength(1);
    await t.owner.rows(`delete from labels where name_key = 'anker nano charger'`);
    await t.owner.rows('select learn_guard()');
    expect(
      await t.owner.rows(`select from guard_tokens where token = 'charger' and categories is not null`),
    ).toEqual([]);
    await t.owner.rows(`delete from labels where name_key like '%charger%'`);
    await learnChargers(['Chargers', 'Cases', 'Phones']);
    expect(
      await t.owner.rows(`select from guard_tokens where token = 'charger' and categories is not null`),
    ).toEqual([]);
  });
});

describe('learn_guard', () => {
  test('forgets words that memory does not tell apart any more', async () => {
    await t.owner.rows('update labels set category_id = (select min(category_id) from categories)');
    await t.owner.rows('select learn_guard()');
    expect(await t.owner.rows('select token from guard_tokens where decides')).toEqual([]);
    expect(await similar(`${iphone} case`)).toHaveLength(1);
  });

  test('one wrong label of the teacher does not make a word block', async () => {
    await t.owner.rows(
      `update labels set category_id = (select category_id from categories where name = 'Cases') where name_key = 'doogee mini silver'`,
    );
    await t.owner.rows('select learn_guard()');
    expect(await t.owner.rows(`select decides from guard_tokens where token = 'silver'`)).toEqual([
      { decides: false },
    ]);
  });

  test('twice at once is as once', async () => {
    const before = await t.owner.rows('select * from guard_tokens order by 1');
    const other = await t.connect();
    await other.rows('begin');
    await other.rows('select taxon_internal.learn_guard()');
    const second = t.owner.value('select learn_guard()').catch((error: unknown) => error);
    await waitsForLock(t.owner, other);
    await other.rows('commit');
    expect(await second).toBe(5);
    expect(await t.owner.rows('select * from guard_tokens order by 1')).toEqual(before);
  });

  test('of an empty memory learns nothing', async () => {
    await t.owner.rows('delete from labels');
    expect(await t.owner.value('select learn_guard()')).toBe(0);
  });
});
