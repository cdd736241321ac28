import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig, schema, unknownVariables } from '../src/config.ts';
import { openProvider } from '../src/llm/providers/open.ts';
import { runTaxon } from './support/processes.ts';

function refusal(environment: Record<string, string>, folder = '/nonexistent', flags = {}): string {
  try {
    loadConfig(flags, environment, folder);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

test.each([
  ['another database', 'DATABASE_URL', 'mysql://me:hunter22@host/db', '"mysql://…"', 'start with postgres'],
  ['a slash in the password', 'DATABASE_URL', 'postgres://me:hunter22/x@host/db', '%2F', '"postgres://…"'],
  ['a slash after digits', 'DATABASE_URL', 'postgres://me:22/hunter22@host/db', '%2F', '"postgres://…"'],
  ['a question mark in it', 'DATABASE_URL', 'postgres://me:hunter22?x@host/db', '%3F', '"postgres://…"'],
  ['words of libpq', 'DATABASE_URL', 'host=x password=hunter22', '"…"', 'postgres://'],
  ['a bad port', 'TAXON_DIRECT_DATABASE_URL', 'postgres://me:hunter22@host:x1/db', 'an address', '…'],
  ['a login in a base URL', 'TAXON_LLM_BASE_URL', 'https://me:hunter22@host/v1', 'no login', '"https://…"'],
  ['no base URL', 'TAXON_LLM_BASE_URL', 'me:hunter22@host/v1', 'start with http', '"…"'],
  ['a key as the fallback', 'TAXON_LLM_FALLBACK', 'hunter22hunter22', 'openai:MODEL', '"…"'],
])('%s is refused, and its value not shown', (_, variable, value, ...says) => {
  const message = refusal({ [variable]: value });
  for (const part of says) expect(message).toContain(part);
  expect(message).not.toContain('hunter22');
});

test('a key under a name that is no setting is not shown', () => {
  const folder = mkdtempSync(join(tmpdir(), 'taxon-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'taxon.config.json'), '{"openaiApiKey": "hunter22", "llmBatch": 0}');
  const message = refusal({}, folder);
  expect(message).toContain('openaiApiKey');
  expect(message).toContain('llmBatch = 0');
  expect(message).not.toContain('hunter22');
});

test('a file that is no JSON is named with the place, and not quoted', () => {
  const folder = mkdtempSync(join(tmpdir(), 'taxon-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'taxon.config.json');
  for (const text of [
    '{"databaseUrl": "postgres://me:hunter22@host/db",}',
    '"hunter22"',
    '{\n"a": hunter22}',
  ]) {
    writeFileSync(file, text);
    const message = refusal({}, folder);
    expect(message).toContain(`${file} is no JSON object`);
    expect(message).not.toContain('hunter22');
  }
});

test.each(Object.keys(schema.entries))(
  '%s: what it cannot be is refused in words that quote nothing',
  (key) => {
    for (const value of [[1, 2], { hunter: 22 }, [[], []]]) {
      const message = refusal({}, '/nonexistent', { [key]: value });
      expect(message).toMatch(
        new RegExp(`^  ${key} = .* \\(from --${key}\\): (must|there is|expected) .*$`, 'm'),
      );
      expect(message).not.toMatch(/received|Invalid/);
    }
  },
);

test.each([
  ['TAXON_LLM_BATCH', '2.5', 'must be a whole number, 1 to 100'],
  ['TAXON_LLM_BATCH', 'Infinity', 'must be a whole number, 1 to 100'],
  ['TAXON_LLM_BATCH', '101', 'must be a whole number, 1 to 100'],
  ['TAXON_LLM_ESCALATE_BELOW', '-0.1', 'must be a number, 0 to 1'],
  ['TAXON_LLM_ESCALATE_BELOW', 'NaN', 'must be a number, 0 to 1'],
  ['TAXON_HUB', 'yes', 'must be true or false'],
  ['TAXON_SCHEMA', 'Shop', 'must be a plain lower-case identifier of at most 54 characters'],
  ['TAXON_SCHEMA', 'shop_internal', 'must not end in _internal: that is the schema beside it'],
  ['TAXON_POSTGRES', 'mine', 'must be one of auto, machine, wheel, docker'],
  ['TAXON_ENCODER_BESIDE', '{}', 'must be a list, as JSON'],
  ['TAXON_ENCODER_BESIDE', '[[]]', 'expected an object'],
  ['TAXON_ENCODER_BESIDE', '[{"model": "x"}]', 'there is no setting model'],
  ['TAXON_ENCODER_BESIDE', '[{"encoder": ""}]', 'must not be empty'],
])('%s=%s: %s', (variable, value, says) => {
  const message = refusal({ [variable]: value });
  expect(message.split('\n').slice(1)).toEqual([expect.stringMatching(`\\(from ${variable}\\): ${says}$`)]);
});

test('numbers may be written as text, flags as 0 and 1', () => {
  const environment = {
    TAXON_LLM_BATCH: '7',
    TAXON_LLM_ESCALATE_BELOW: '.25',
    TAXON_HUB: '1',
    TAXON_RETRAIN: '0',
  };
  expect(loadConfig({}, environment, '/nonexistent')).toMatchObject({
    llmBatch: 7,
    llmEscalateBelow: 0.25,
    hub: true,
    retrain: false,
  });
});

test('a key in the place of another value is not shown', () => {
  expect(refusal({ TAXON_LLM_BATCH: 'sk-hunter22' })).toContain('llmBatch = "[key]"');
});

test.each([
  'postgres://host/db',
  'postgresql://me:p%40ss%2F@host:5432/db?sslmode=require',
  'postgres:///db?host=/tmp',
  'postgres://me@%2Fvar%2Frun%2Fpostgresql/db',
  'postgres://me@/db?host=/var/run/postgresql',
  'postgres://me:a b@[::1]:5432/db?application_name=a@b',
  'postgres://host:5432/db?application_name=a@b',
  'postgres://[::1]/db',
])('%s is an address', (url) => {
  expect(refusal({ DATABASE_URL: url })).toBe('');
});

test('a login in OPENAI_BASE_URL is refused and not shown', async () => {
  const config = loadConfig({}, {}, '/nonexistent');
  const call = openProvider(config, { OPENAI_BASE_URL: 'https://me:hunter22@host/v1' });
  await expect(call).rejects.toMatchObject({
    message: expect.stringMatching(/^OPENAI_BASE_URL is not valid: must hold no login(?!.*hunter22)/),
    exitCode: 2,
  });
});

test('a variable that nothing reads is named, with the one that may be meant; it is no error', async () => {
  expect(unknownVariables({ TAXON_POLL_MS: '1', TAXON_LOG: 'info', PATH: '/bin' })).toEqual([]);
  expect(unknownVariables({ TAXON_LLM_BATCHES: '1', TAXON_SOMETHING_ELSE_ENTIRELY: '1' })).toEqual([
    'nothing reads TAXON_LLM_BATCHES; is TAXON_LLM_BATCH meant?',
    'nothing reads TAXON_SOMETHING_ELSE_ENTIRELY',
  ]);
  const { code, stderr } = await runTaxon(['migrate', '--sql'], { TAXON_SHEMA: 'x' });
  expect(code).toBe(0);
  expect(stderr.split('\n').filter((line) => line.includes('TAXON_SCHEMA'))).toHaveLength(1);
});
