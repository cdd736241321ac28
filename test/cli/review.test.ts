import { beforeEach, describe, expect, test } from 'vitest';
import { type Choice, matching } from '../../src/review/choose.ts';
import { taxonHere } from '../support/command.ts';
import { decide } from '../support/decided.ts';
import { startTaxon, until } from '../support/processes.ts';
import { taxonDatabase } from '../support/sql.ts';
import { makeModel } from '../support/trust.ts';

const t = taxonDatabase();
let kettles: number;
let lamps: number;

beforeEach(async () => {
  const model = await makeModel(t);
  kettles = await t.category('Home > Kitchen > Kettles');
  lamps = await t.category('Home > Light > Lamps');
  await t.category('Home > Light > Lampshades');
  await decide(
    t,
    model,
    [1, 2, 3, 4].map((i) => ({ name: `Kettle ${i}`, category_id: kettles })),
  );
});

const environment = () => ({ DATABASE_URL: t.database.url });
const review = (input: string, ...args: string[]) => taxonHere(['review', ...args], environment(), input);
const checks = () =>
  t.owner.rows<{ name: string; verdict: boolean | null; truth: number | null }>(
    'select name_key as name, verdict, truth_category_id as truth from checks order by check_id',
  );
const verdicts = async () => (await checks()).map(({ verdict, truth }) => [verdict, truth]);

describe('taxon review', () => {
  test('draws names and writes each verdict: right, wrong, what it is; skipped names stay open', async () => {
    const { code, stdout, stderr } = await review('y\nn\nc\nlamp\n1\ns\n');
    expect([code, stderr]).toEqual([0, '']);
    expect(await verdicts()).toEqual([
      [true, kettles],
      [false, null],
      [false, lamps],
      [null, null],
    ]);
    expect(stdout).toMatch(
      /1 of 4 {3}Kettle \d\n {2}Home > Kitchen > Kettles {3}\(local, 90 % \/ 90 % \/ 90 %\)/,
    );
    expect(stdout).toContain('   1 Home > Light > Lamps\n   2 Home > Light > Lampshades\n');
    expect(stdout).toContain('wrong, 1 row is asked again\n');
    expect(stdout).toContain('it is Home > Light > Lamps, 1 row corrected\n');
    expect(stdout.trimEnd().endsWith('1 right, 2 wrong, 1 left open')).toBe(true);
  });

  test('checks that wait come first, new ones fill up', async () => {
    await t.owner.rows('select from draw_checks(2)');
    await review('q\n', '-n', '2');
    expect(await checks()).toHaveLength(2);
    await review('y\ny\ny\nq\n', '-n', '3', '--strategy', 'surer');
    expect(await verdicts()).toEqual([1, 2, 3].map(() => [true, kettles]));
    expect(await t.owner.rows('select strategy from checks order by check_id')).toMatchObject([
      { strategy: 'uniform' },
      { strategy: 'uniform' },
      { strategy: 'surer' },
    ]);
  });

  test('undo takes the last verdict back and asks again', async () => {
    const { stdout } = await review(`u\ny\ny\nu\nu\nn\n`, '-n', '2');
    expect(stdout).toContain('there is no verdict to take back');
    expect(stdout.match(/taken back\n/g)).toHaveLength(2);
    expect(await verdicts()).toEqual([
      [false, null],
      [null, null],
    ]);
    expect(stdout.trimEnd().endsWith('0 right, 1 wrong, 1 left open')).toBe(true);
    expect(await t.owner.value('select count(*) from labels')).toBe(0);
  });

  test('shows what else it may be, and takes its number', async () => {
    await t.owner.rows('select from draw_checks(1)');
    const name = (await checks())[0]?.name as string;
    await t.label(name, 'Home > Light > Lamps');
    const { stdout } = await review('c\n\nc\nno such thing\n7\n1\n', '-n', '1');
    expect(stdout).toContain('   1 Home > Light > Lamps   memory (llm)\n');
    expect(stdout).toContain('no category in use has "no such thing" in its path');
    expect(stdout).toContain('there is no 7 in the list');
    expect(await verdicts()).toEqual([[null, null]]); // the list was emptied by the search
    expect((await review('c\n1\n', '-n', '1')).stdout).toContain('it is Home > Light > Lamps');
    expect(await verdicts()).toEqual([[false, lamps]]);
  });

  test('the same category chosen is a right answer', async () => {
    await review('c\nkettles\n1\n', '-n', '1');
    expect(await verdicts()).toEqual([[true, kettles]]);
  });

  test('ended by a signal it has lost nothing', async () => {
    const process = startTaxon(['review', '-n', '3'], environment(), null);
    process.child.stdin?.write('y\nn\n');
    await until(
      async () => process.stdout(),
      (text) => text.includes('3 of 3'),
    );
    expect(await process.kill('SIGINT')).toBe('SIGINT');
    expect(await verdicts()).toEqual([
      [true, kettles],
      [false, null],
      [null, null],
    ]);
  });

  test('--list prints what waits as JSON and draws nothing', async () => {
    expect(JSON.parse((await review('', '--list')).stdout)).toEqual([]);
    await t.owner.rows('select from draw_checks(2)');
    const { stdout } = await review('', '--list');
    expect(stdout.trimEnd()).not.toContain('\n');
    expect(JSON.parse(stdout)).toMatchObject([
      {
        check_id: 1,
        path: 'Home > Kitchen > Kettles',
        l3_confidence: 0.9,
        strategy: 'uniform',
        drawn_by: 'owner',
      },
      { check_id: 2 },
    ]);
  });

  test('what it cannot do it says', async () => {
    await review('y\ny\ny\ny\n');
    expect((await review('')).stdout).toContain('there is nothing to judge');
    expect(await review('', '-n', '0')).toMatchObject({ code: 2, stdout: '' });
    expect(await review('', '--strategy', 'best')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('One of uniform, surer'),
    });
    await t.owner.rows(`update models set state = 'retired'`);
    expect(await review('')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Train one: taxon train'),
    });
  });
});

test('a category is found by parts of its path, the one that is named first', () => {
  const paths: Choice[] = [
    'Home > Lamps',
    'Home > Light > Lamps',
    'Lamps > Oil',
    'Home > Table lamps',
    'Tea',
  ].map((path, i) => ({ category_id: i, path }));
  const found = (typed: string) => matching(paths, typed).map(({ path }) => path);
  expect(found('LAMPS')).toEqual([
    'Home > Lamps',
    'Home > Light > Lamps',
    'Lamps > Oil',
    'Home > Table lamps',
  ]);
  expect(found('home > lamps')).toEqual(['Home > Lamps', 'Home > Table lamps', 'Home > Light > Lamps']);
  expect(found('tea lamp')).toEqual([]);
  expect(found(' > ')).toEqual([]);
});
