import { describe, expect, it } from 'vitest';
import { normalise } from '../../src/normalise.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { testDatabase } from '../support/database.ts';
import { runTaxon, simulated, startTaxon, until } from '../support/processes.ts';
import { insert, ledger } from '../support/rows.ts';
import { labelled, newNames, shopOfFile } from '../support/shop.ts';

const shop = shopOfFile();

const taxon = (args: string[], input = '', environment: Record<string, string> = {}) =>
  runTaxon(args, { DATABASE_URL: shop.url, ...environment }, input);
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

describe('status and watch', () => {
  it('show the queue, the routing and the champion; --json prints JSON alone', async () => {
    await insert(shop.db, [labelled[1]?.name ?? '', 'never seen before']);
    const { code, stdout } = await taxon(['status', '--json']);
    expect(code).toBe(0);
    const status = JSON.parse(stdout);
    expect(status.routing).toContainEqual(expect.objectContaining({ layer: 'exact', products: 1 }));
    expect(status.routing).toContainEqual(expect.objectContaining({ layer: 'pending', products: 1 }));
    expect(status.thresholds).toMatchObject({ l1: 0.75, l2: 0.55, l3: 0.4 });
    expect((await taxon(['status', '--since', 'all'])).stdout).toMatch(/exact +1 +50\.0 %/);
  });

  it('watch looks again and again until it is told to stop', async () => {
    const watch = startTaxon(['watch', '--json', '--every', '1'], { DATABASE_URL: shop.url });
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
  const names = [
    'up',
    'demo',
    'migrate',
    'sidecar',
    'import',
    'export',
    'forget',
    'train',
    'recalibrate',
    'evaluate',
    'compare-llm',
    'models',
    'promote',
    'roll-back',
    'export-model',
    'import-model',
    'report',
    'classify',
    'status',
    'watch',
    'db',
    'simulate-llm',
  ];

  it('is listed, and its --help shows examples', async () => {
    const { stdout } = await taxon(['--help']);
    for (const name of names) expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
    const helps = await Promise.all(names.map((name) => taxon([name, '--help'])));
    for (const help of helps) {
      expect(help.code).toBe(0);
      expect(help.stdout).toContain('Examples:');
    }
  });

  it('exits with 2 for a flag that there is not, and says where help is', async () => {
    expect(await taxon(['status', '--nosuch'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('--help'),
    });
  });

  it('exits with 1 and the next step where the database was never migrated, or is not there', async () => {
    const bare = await testDatabase({ template: false });
    const result = await runTaxon(['status', '--json'], { DATABASE_URL: bare.url });
    expect(result).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('taxon migrate') });
    await bare.drop();
    const gone = await runTaxon(['status'], { DATABASE_URL: bare.url });
    expect(gone).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(bare.name) });
  });
});
