import { beforeEach, describe, expect, test } from 'vitest';
import { taxonHere } from '../support/command.ts';
import { namesOf, remember } from '../support/kinds.ts';
import { runTaxon } from '../support/processes.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();
const phoneCases = ['phone case', 'чехол для телефона', 'etui na telefon'];
const others: [path: string, words: string[]][] = [
  ['Electronics > Phones > Smartphones', ['smartphone', 'смартфон', 'smartfon']],
  ['Electronics > Computers > Laptops', ['laptop', 'ноутбук', 'komputer przenośny']],
  ['Home > Kitchen > Kettles', ['electric kettle', 'чайник электрический', 'czajnik elektryczny']],
  ['Home > Kitchen > Knives', ['kitchen knife', 'нож кухонный', 'nóż kuchenny']],
  ['Food > Drinks > Tea', ['black tea', 'чай чёрный', 'herbata czarna']],
  ['Beauty > Hair > Shampoo', ['shampoo', 'шампунь', 'szampon do włosów']],
];
const right = 'Electronics > Phones > Phone cases';
const wrong = 'Electronics > Computers > Laptops';

const labels = () => t.owner.rows('select * from labels order by name_hash');
const products = () => t.owner.rows('select * from products order by product_id');
const review = (keys: string, ...args: string[]) =>
  taxonHere(['review', '--kinds', ...args], { DATABASE_URL: t.database.url }, keys);
const pathsOf = async (names: readonly string[]) =>
  Object.fromEntries(
    (
      await t.owner.rows<{ path: string; n: number }>(
        'select category_path(category_id) as path, count(*) as n from labels where name_key = any ($1) group by 1 order by 1',
        names,
      )
    ).map(({ path, n }) => [path, n]),
  );

/** A shop of seven categories in three languages. */
async function shop(cases: (words: string, names: string[]) => { right: string[]; wrong: string[] }) {
  for (const [path, words] of others) for (const word of words) await remember(t, path, namesOf(word, 40));
  const mislabelled: string[] = [];
  for (const word of phoneCases) {
    const parts = cases(word, namesOf(word, 150));
    await remember(t, right, parts.right);
    await remember(t, wrong, parts.wrong);
    mislabelled.push(...parts.wrong);
  }
  return mislabelled;
}

/** Rows that memory answers: exactly, and because a name is near. */
async function arrive(names: readonly string[]): Promise<void> {
  await t.insertAll(...names, ...names.slice(0, 30).map((name) => `${name} new`));
  const claimed = await t.claim('w', 1000);
  await t.owner.rows(`select settle_from_memory('w', $1)`, claimed);
}

describe('150 labels of one kind are wrong', () => {
  let mislabelled: string[];

  test('a third of it: three decisions correct all of them, rows follow, and all of it is undone', async () => {
    mislabelled = await shop((_, names) => ({
      right: names.filter((_name, i) => i % 3 !== 0),
      wrong: names.filter((_name, i) => i % 3 === 0),
    }));
    expect(mislabelled).toHaveLength(150);
    await arrive(mislabelled);
    const before = [await labels(), await products()];
    const rowsOf = (path: string) =>
      t.owner.value<number>('select count(*) from products_readable where path = $1', path);
    const rows = await rowsOf(wrong);
    expect(rows).toBe(180);

    const { code, stdout } = await review('m\na\na\na\nq\n');
    expect(code).toBe(0);
    expect(stdout).toContain(
      'If all 29 drawn at random belong, at most 10 % of the other 51 are wrong (95 %).',
    );
    expect(stdout).toContain(
      '29 seen at random and none unmarked: at most 10 % of the other 51 are wrong, at 95 %',
    );
    // with the 30 names that had taken the answer because they are near
    expect(stdout).toContain('3 decided: 180 labels, of which 180 said something else');
    expect(await pathsOf(mislabelled)).toEqual({ [right]: 150 });
    expect(await t.owner.value(`select count(*) from labels where source = 'human'`)).toBe(180);
    expect(await rowsOf(right)).toBe(180);
    expect(await rowsOf(wrong)).toBe(0);
    expect(await t.owner.value('select count(*) from runs')).toBe(3);

    for (const { run_id } of await t.owner.rows<{ run_id: number }>(
      'select run_id from runs order by run_id desc',
    ))
      await t.owner.rows('select undo_run($1)', run_id);
    expect([await labels(), await products()]).toEqual(before);
  });

  test('all names of one language: the kind stands among the first screens, and a person names its category', async () => {
    mislabelled = await shop((word, names) =>
      word === 'чехол для телефона' ? { right: [], wrong: names } : { right: names, wrong: [] },
    );
    await arrive(mislabelled);
    const before = [await labels(), await products()];
    const open = JSON.parse((await review('', '--list', '-n', '5')).stdout) as { words: string }[];
    const place = open.findIndex(({ words }) => words.includes('чехол'));
    expect(place).toBeGreaterThanOrEqual(0);
    const keys = [
      ...Array.from({ length: place }, () => 'k'),
      'c',
      'phone cases',
      '1',
      'u',
      'c',
      'phone cases',
      '1',
      'q',
    ];
    const { stdout } = await review(`${keys.join('\n')}\n`);
    expect(stdout).toContain('taken back: run 1');
    expect(stdout).toContain('1 decided: 180 labels, of which 180 said something else');
    expect(await pathsOf(mislabelled)).toEqual({ [right]: 150 });
    await t.owner.rows('select undo_run(2)');
    expect([await labels(), await products()]).toEqual(before);
  });
});

describe('taxon review --kinds', () => {
  beforeEach(async () => {
    await remember(t, wrong, [...namesOf('laptop', 40), ...namesOf('phone case', 20)]);
    await remember(t, right, namesOf('phone case', 60, 20));
  });

  test('names are unmarked by their numbers, the rest is split and comes next', async () => {
    await remember(t, wrong, namesOf('phone case bag', 6, 400));
    const { stdout } = await review('x\n1 99\nx\n1\nx\n2\na\nq\n');
    expect(stdout).toContain('there is no 99 on the screen');
    expect(stdout).toMatch(/✗ +1 {2}phone case/);
    expect(stdout).toContain('1 name unmarked: what is marked here is decided, the rest is split.');
    expect(stdout).toMatch(/1 of the 12 seen do not belong/);
    const row = await t.owner.row<{ labels: number }>(
      `select count(*) as labels from labels where source = 'human'`,
    );
    expect(row.labels).toBeGreaterThanOrEqual(11);
  });

  test('split, put aside, skipped: nothing is written; what is typed wrongly is said', async () => {
    const before = await labels();
    const { stdout } = await review('z\nn\nu\ns\nk\nu\nu\nu\nq\n');
    expect(stdout).toContain('a, a digit, c, x, m, s, n, k, u or q');
    expect(stdout).toContain('put aside for 30 days');
    expect(stdout).toMatch(/split into \d/);
    expect(stdout).toContain('there is no decision to take back');
    expect(await labels()).toEqual(before);
  });

  test('only kinds of a word, as JSON, and what does not go together', async () => {
    const { stdout } = await review('', '--list', '--word', 'lapt');
    expect(JSON.parse(stdout)).toMatchObject([{ words: 'laptop', names: 40, why: 'quiet' }]);
    expect(await review('', '--strategy', 'surer')).toMatchObject({ code: 2 });
    expect(await taxonHere(['review', '--word', 'x'], { DATABASE_URL: t.database.url })).toMatchObject({
      code: 2,
    });
  });

  test('a name can do nothing to the terminal', async () => {
    await t.owner.rows(
      `update labels set name_key = normalise(name_key || $1) where name_key like 'phone case%' and category_id = (select category_id from labels where name_key like 'laptop%' limit 1)`,
      ' \u202e \u001b[2J\u0007',
    );
    const { stdout } = await runTaxon(['review', '--kinds'], { DATABASE_URL: t.database.url }, 'q\n');
    expect(stdout).toContain('phone case');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
    expect(stdout).not.toMatch(/[\u202e\u001b\u0007]/);
  });
});
