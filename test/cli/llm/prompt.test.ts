import { expect, test } from 'vitest';
import { countPrompt } from '../../../src/llm/tokens.ts';
import { taxonHere } from '../../support/command.ts';
import { lettersShop, shopOfFile } from '../../support/shop.ts';
import { labelled, newNames } from '../../support/shop-names.ts';

const shop = shopOfFile(lettersShop);

const taxon = (...args: string[]) =>
  taxonHere(['llm', 'prompt', ...args], {
    DATABASE_URL: shop.url,
    TAXON_LLM_BASE_URL: 'http://127.0.0.1:9/v1',
    TAXON_LLM_MODEL: 'simulated-llm',
  });

test('shows what would be sent and what it costs, and sends nothing', async () => {
  const known = labelled[0] as (typeof labelled)[0];
  const riddle = newNames(5, 100).map(({ name }) => name);
  const { code, stdout } = await taxon('--json', known.name, ...riddle);
  expect(code).toBe(0);
  const shown = JSON.parse(stdout);
  expect(shown.layers[0]).toMatchObject({ layer: 'exact', path: known.path.join(' > ') });
  expect(shown.layers).toHaveLength(6);
  for (const name of riddle) expect(shown.user).toContain(JSON.stringify(name.toLowerCase()));
  expect(shown.tokensIn).toBe(countPrompt(shown));
  expect(shown.dollars).toBeCloseTo((shown.tokensIn * 0.1 + shown.tokensOut * 0.5) / 1e6, 9);
  expect(shown.reason).toMatch(/^expected tokens a name: /);
  expect(await shop.db.rows('select from taxon_internal.llm_calls')).toEqual([]);
  expect(await shop.db.rows('select from taxon_internal.queue')).toEqual([]);
});

test('in words: who answers, the route, the prompt', async () => {
  const known = labelled[0] as (typeof labelled)[0];
  const { code, stdout } = await taxon(known.name);
  expect(code).toBe(0);
  expect(stdout).toContain(`${known.name}: exact answers ${known.path.join(' > ')}; the LLM is not asked`);
  expect(stdout).toMatch(/^route (tree|shortlist): expected tokens a name: /m);
  expect(stdout).toMatch(/^\d+ tokens in \(o200k_base\), about \d+ out; simulated-llm: \$0\.0000\d\d$/m);
  expect(stdout).toContain('--- system\nYou sort product names');
});

test('refuses what is no name', async () => {
  const { code, stderr } = await taxon('  ');
  expect(code).toBe(2);
  expect(stderr).toContain('"  " is no name');
});
