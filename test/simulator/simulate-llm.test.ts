import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { simulateCommand } from '../../src/cli/llm/simulate.ts';
import { parseAnswers } from '../../src/llm/parse.ts';
import { buildPrompt } from '../../src/llm/prompt.ts';
import { openaiProvider } from '../../src/llm/providers/openai.ts';
import { item, shop } from '../llm/shop.ts';

const main = new URL('../../src/cli/llm/simulate.ts', import.meta.url).href;
const script = `
  const { simulateCommand } = await import(${JSON.stringify(main)});
  await simulateCommand().parseAsync(process.argv.slice(1), { from: 'user' });`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'simulate-llm-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The command in a process of its own; `started` is its first line of standard output. */
function run(file: string, content: string | Buffer, ...flags: string[]) {
  const path = join(folder, file);
  writeFileSync(path, content);
  const child = spawn(process.execPath, [
    '--input-type=module',
    '-e',
    script,
    '--',
    path,
    '--port',
    '0',
    ...flags,
  ]);
  let out = '';
  let err = '';
  child.stderr.on('data', (part: Buffer) => {
    err += part;
  });
  const started = new Promise<string>((resolve) =>
    child.stdout.on('data', (part: Buffer) => {
      out += part;
      if (out.includes('\n')) resolve(out);
    }),
  );
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, out, err })),
  );
  return { child, started: Promise.race([started, ended.then((end) => end.err)]), ended };
}

const flat = 'name,l1,l2,l3\n"Чайник, білий",Electronics,Kitchen electrics,Kettles\nVoucher,Gift cards,,\n';
const tsv = 'name\tpath\nЧайник, білий\tElectronics > Kitchen electrics > Kettles\nVoucher\tGift cards\n';

test.each<[string, string | Buffer]>([
  ['labels.csv', flat],
  ['labels.csv.gz', gzipSync(`\ufeff${flat}`)],
  ['labels.tsv', tsv],
])('serves the truth of %s until SIGTERM, then prints what it counted', async (file, content) => {
  const { child, started, ended } = run(file, content, '--json', '--error-rates', '0,0,0');
  const { url, simulated } = JSON.parse(await started) as { url: string; simulated: boolean };
  expect(simulated).toBe(true);
  const prompt = buildPrompt([item('чайник,  білий', 6, 9), item('VOUCHER', 10, 1)], shop);
  const provider = openaiProvider({ key: undefined, baseUrl: url, model: 'simulated-llm', timeoutMs: 5000 });
  const { text, usage } = await provider.complete(prompt, new AbortController().signal);
  const { answers } = parseAnswers(text, prompt);
  expect([...answers.values()].map((answer) => answer.categoryId)).toEqual([6, 10]);

  child.kill('SIGTERM');
  const { code, out } = await ended;
  expect(code).toBe(0);
  const stats = JSON.parse(out.trim().split('\n')[1] ?? '') as object;
  expect(stats).toMatchObject({ simulated: true, calls: 1, answered: 1, names: 2, ...usage });
});

test('says that it is simulated, on each screen', async () => {
  const { child, started, ended } = run(
    'labels.csv',
    flat,
    '--fault',
    'rate-limited:0.5',
    '--fault',
    'hang:0',
  );
  expect(await started).toContain('SIMULATED LLM');
  child.kill('SIGINT');
  const { code, out } = await ended;
  expect(code).toBe(0);
  expect(out).toMatch(/^TAXON_LLM_BASE_URL=http:\/\/127\.0\.0\.1:\d+\/v1 TAXON_LLM_MODEL=simulated-llm$/m);
  expect(out).toContain('simulated: 0 calls');
});

test('limits, storms and the second model from the command line', async () => {
  const { child, started, ended } = run(
    'labels.csv',
    flat,
    '--json',
    '--rpm',
    '2',
    '--fault',
    'unavailable:1,from=1,to=1',
    '--fault',
    'reset,on=batch-api,calls=1',
    '--strong-error-rates',
    '0,0,0',
  );
  const { url, anthropicUrl, strongModel } = JSON.parse(await started) as Record<string, string>;
  expect(url).toBe(`${anthropicUrl}/v1`);
  const prompt = buildPrompt([item('voucher', 10, 1)], shop);
  const provider = openaiProvider({
    key: undefined,
    baseUrl: url,
    model: strongModel ?? '',
    timeoutMs: 5000,
  });
  const seen = [];
  for (let i = 0; i < 4; i++)
    seen.push(
      await provider.complete(prompt, new AbortController().signal).then(
        ({ modelVersion }) => modelVersion,
        (error: { status?: number }) => error.status,
      ),
    );
  expect(seen).toEqual([503, strongModel, strongModel, 429]);
  await expect(fetch(`${url}/batches`)).rejects.toThrow();
  expect((await fetch(`${url}/batches`)).status).toBe(200);
  child.kill('SIGTERM');
  const { out } = await ended;
  expect(JSON.parse(out.trim().split('\n')[1] ?? '')).toMatchObject({ calls: 4, answered: 2, refused: 2 });
});

test.each([
  ['no labels', 'name,l1\n', [], /holds no labelled names/],
  ['no such columns', 'a,b\n1,2\n', [], /there is no column "name"/],
  ['a broken file', 'name,l1\n"x,y\n', [], /labels\.csv, line 2: a quote/],
  ['a fault that there is not', flat, ['--fault', 'earthquake'], /kinds: rate-limited/],
  ['a share over 1', flat, ['--fault', 'hang:2'], /share 0 to 1/],
  ['a fault’s setting that there is not', flat, ['--fault', 'hang,until=3'], /names calls, ms, from/],
  ['a setting without a number', flat, ['--fault', 'hang,calls='], /KIND\[:SHARE\]/],
  ['no requests a minute', flat, ['--rpm', '0'], /1 or more/],
  ['rates that do not rise', flat, ['--error-rates', '.5,.2,.1'], /Each includes the one before/],
])('%s is an error that says what is wrong', async (_, content, flags, message) => {
  const path = join(folder, 'labels.csv');
  writeFileSync(path, content);
  // in the test's process: nine others took 1.1 s of processor time
  const command = simulateCommand()
    .exitOverride()
    .configureOutput({ writeErr() {} });
  await expect(command.parseAsync([path, '--port', '0', ...flags], { from: 'user' })).rejects.toThrow(
    message,
  );
});
