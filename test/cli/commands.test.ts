import { describe, expect, it } from 'vitest';
import { normalise } from '../../src/normalise.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { taxonHere } from '../support/command.ts';
import { testDatabase } from '../support/database.ts';
import { simulated, startTaxon, until } from '../support/processes.ts';
import { insert, ledger } from '../support/rows.ts';
import { lettersShop, shopOfFile } from '../support/shop.ts';
import { labelled, newNames } from '../support/shop-names.ts';

const shop = shopOfFile(lettersShop);

const taxon = (args: string[], input = '', environment: Record<string, string> = {}) =>
  taxonHere(args, { DATABASE_URL: shop.url, ...environment }, input);
const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('classify', () => {
  const known = labelled[0] as (typeof labelled)[number];
  const path = known.path.join(' > ');

  it('prints one line a name, in order, and writes nothing', async () => {
    const [unknown] = newNames(1, 70_000);
    const input = `${known.name.toUpperCase()}\n${known.name} 2\n\n${unknown?.name}\n`;
    const { code, stdout } = await taxon(['classify'], input);
    expect(code).toBe(0);
    const answers = lines(stdout);
    expect(answers).toMatchObject([
      { name: known.name.toUpperCase(), layer: 'exact', path, similarity: 1, confidence: null },
      { name: `${known.name} 2`, layer: 'similar', path, matched_key: normalise(known.name) },
      { name: '', layer: null, category_id: null },
      { name: unknown?.name, confidence: [expect.any(Number), expect.any(Number), expect.any(Number)] },
    ]);
    expect(answers).toHaveLength(4);
    expect(await shop.db.row('select count(*) as n from taxon.products')).toEqual({ n: 0 });
  });

  it('asks only the layers that it is told to', async () => {
    const answers = lines(
      (await taxon(['classify', '--layers', 'similar'], `${known.name}\nnothing like it\n`)).stdout,
    );
    expect(answers.map((answer) => answer.layer)).toEqual(['similar', null]);
    expect(await taxon(['classify', '--layers', 'psychic'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('there is no layer "psychic"'),
    });
  });

  it('with --llm pays for what is left, once, and remembers it', async () => {
    const asked = newNames(3, 71_000);
    const simulator = await startSimulator({
      truth: new Map(asked.map(({ name, path }) => [normalise(name), path])),
      errorRates: [0, 0, 0],
    });
    try {
      const input = `${asked.map(({ name }) => name).join('\n')}\n`;
      const environment = simulated(simulator.url);
      const answers = lines(
        (await taxon(['classify', '--layers', 'exact', '--llm'], input, environment)).stdout,
      );
      expect(answers.map((answer) => [answer.layer, answer.path])).toEqual(
        asked.map(({ path }) => ['llm', path.join(' > ')]),
      );
      const again = lines(
        (await taxon(['classify', '--layers', 'exact', '--llm'], input, environment)).stdout,
      );
      expect(again.map((answer) => answer.layer)).toEqual(['exact', 'exact', 'exact']);
      expect(await ledger(shop.db)).toMatchObject([{ state: 'ok', tokens_in: simulator.stats().tokensIn }]);
    } finally {
      await simulator.close();
    }
    const refused = await taxon(['classify', '--llm'], 'x\n');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('OPENAI_API_KEY') });
  });
});

describe('status', () => {
  it('shows the queue, the routing and the champion; --json prints JSON alone', async () => {
    await insert(shop.db, [labelled[1]?.name ?? '', 'never seen before']);
    const { code, stdout } = await taxon(['status', '--json']);
    expect(code).toBe(0);
    const status = JSON.parse(stdout);
    expect(status.routing).toContainEqual(expect.objectContaining({ layer: 'exact', products: 1 }));
    expect(status.routing).toContainEqual(expect.objectContaining({ layer: 'pending', products: 1 }));
    expect(status.thresholds).toMatchObject({ l1: 0.75, l2: 0.55, l3: 0.4 });
    expect((await taxon(['status', '--since', 'all'])).stdout).toMatch(/exact +1 +50\.0 %/);
  });

  it('--check fails where something warns, and says what; what is ignored does not count', async () => {
    const all = await taxon(['status', '--check']);
    expect(all).toMatchObject({ code: 1, stderr: expect.stringContaining('warn: sidecars: 0') });
    expect(all.stdout).toContain('routing');
    const { health } = JSON.parse((await taxon(['status', '--json'])).stdout);
    const items = health.filter(({ status }: { status: string }) => status === 'warn');
    const ignored = items.map(({ item }: { item: string }) => item).join(',');
    expect(await taxon(['status', '--check', '--ignore', ignored])).toMatchObject({ code: 0, stderr: '' });
  });

  it('--watch looks again and again until it is told to stop', async () => {
    const watch = startTaxon(['status', '--watch', '--json', '--every', '1'], { DATABASE_URL: shop.url });
    await until(
      async () => watch.stdout().split('\n').length,
      (count) => count > 2,
    );
    expect(await watch.kill('SIGINT')).toBe(0);
    const [first, second] = lines(watch.stdout());
    expect(Date.parse(second.at)).toBeGreaterThan(Date.parse(first.at));
    expect(first.health.length).toBeGreaterThan(0);
  });
});

describe('every command', () => {
  /** As --help lists them: the words after two spaces, in the part between the options and the examples. */
  const listed = (help: string) =>
    [...(help.split('Examples:')[0] as string).matchAll(/^ {2}([a-z]\S*) {2,}\S/gm)].map(
      ([, name]) => name as string,
    );

  it('is listed under what it is for, and its --help has examples and fits a terminal', async () => {
    const { stdout } = await taxon(['--help']);
    const top = listed(stdout).filter((name) => name !== 'help');
    expect(top).toEqual([
      ...['init', 'doctor', 'x-ray', 'up', 'demo', 'migrate', 'sidecar', 'db', 'uninstall'],
      ...['import', 'export', 'classify', 'forget'],
      ...['status', 'dashboard', 'report', 'replay'],
      ...['train', 'clean', 'review', 'model'],
      ...['llm', 'completion'],
    ]);
    const examples = [...stdout.matchAll(/^[A-Z][^\n:]*: +e\.g\. (?:source <\()?taxon (\S+)/gm)].map(
      ([, name]) => name,
    );
    expect(examples).toEqual(['init', 'import', 'status', 'train', 'llm', 'completion']);
    const model = listed((await taxon(['model', '--help'])).stdout).map((name) => ['model', name]);
    const llm = listed((await taxon(['llm', '--help'])).stdout).map((name) => ['llm', name]);
    expect([model.length, llm.length]).toEqual([8, 4]);
    const words = [
      ...top.map((name) => [name]),
      ...model,
      ...llm,
      ...['add', 'list', 'remove'].map((name) => ['dashboard', 'token', name]),
    ];
    for (const command of words) {
      const help = await taxon([...command, '--help']);
      expect(help.code).toBe(0);
      expect(help.stdout).toContain('Examples:');
      expect(help.stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    }
  });

  it('refuses options that mean nothing together', async () => {
    const refused: [string[], string][] = [
      [['train', '--gated', '--recalibrate'], '--recalibrate does not go with --gated'],
      [['train', '--recalibrate', '--epochs', '3'], '--epochs does not go with --recalibrate'],
      [['train', '--dry-run', '--promote', 'x'], '--promote does not go with --dry-run'],
      [['train', '--request'], 'It goes with --gated --request.'],
      [['train', '--model', '3'], 'It goes with --recalibrate.'],
      [['status', '--every', '3'], '--every goes with --watch'],
      [['status', '--ignore', 'llm'], '--ignore goes with --check'],
      [['status', '--check', '--watch'], "'--check' cannot be used with option '--watch'"],
      [['migrate', '--sql', '--check'], "'--sql' cannot be used with option '--check'"],
      [['migrate', '--extensions', 'x'], '--extensions goes with --sql'],
      [['clean', '--sample', '3'], '--sample goes with --dry-run'],
      [['review', '--list', '--strategy', 'surer'], "'--list' cannot be used with option '--strategy"],
      [['import', 'x.csv', '--as', 'products', '--source', 'llm'], '--source goes with --as labels'],
      [['model', 'encoders', '--remove', '1', '--index'], "cannot be used with option '--index'"],
      [['llm', 'backfill', '--cancel', '--calls', '3'], "'--cancel' cannot be used with option '--calls"],
    ];
    for (const [args, says] of refused)
      expect(await taxon(args)).toEqual({ code: 2, stdout: '', stderr: expect.stringContaining(says) });
  });

  it('exits with 2 for a flag that there is not, and says where help is', async () => {
    for (const words of [['status'], ['model', 'list'], ['db', 'start']])
      expect(await taxon([...words, '--nosuch'])).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining('--help'),
      });
  });

  it('exits with 1 and the next step where the database was never migrated, or is not there', async () => {
    const bare = await testDatabase({ template: false });
    const result = await taxonHere(['status', '--json'], { DATABASE_URL: bare.url });
    expect(result).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('taxon migrate') });
    await bare.drop();
    const gone = await taxonHere(['status'], { DATABASE_URL: bare.url });
    expect(gone).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(bare.name) });
  });
});
