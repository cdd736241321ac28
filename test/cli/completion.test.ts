import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { taxonHere } from '../support/command.ts';

const folder = mkdtempSync(join(tmpdir(), 'taxon-completion-'));
const script = join(folder, 'taxon.bash');

beforeAll(async () => {
  writeFileSync(script, (await taxonHere(['completion', 'bash'], {})).stdout);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What is offered for the last word of a line. */
const cases: [string, string[]][] = [
  ['taxon m', ['migrate', 'model']],
  ['taxon model roll', ['roll-back']],
  [
    'taxon model ',
    ['encoders', 'evaluate', 'export', 'import', 'learning-curve', 'list', 'promote', 'roll-back'],
  ],
  ['taxon train --ga', ['--gated']],
  ['taxon llm compare --provider ', ['anthropic', 'openai']],
  ['taxon export --what labels --spr', ['--spreadsheet-safe']],
  // a value is no command, whatever it looks like
  ['taxon --schema model st', ['status']],
  ['pgtaxon completion ', ['bash', 'fish', 'zsh']],
];

test.each(cases)('bash: %s', (line, offered) => {
  const words = line.split(' ');
  const ask = `source "$1"; shift; complete -p "$1" > /dev/null || exit 1
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _taxon; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const said = execFileSync('bash', ['--norc', '-c', ask, 'bash', script, ...words], {
    encoding: 'utf8',
  });
  expect(said.trim().split('\n').sort()).toEqual(offered);
});

test('bash leaves file names to itself', () => {
  const ask = `source "$1"; COMP_WORDS=(taxon import '') COMP_CWORD=2; _taxon; echo "\${#COMPREPLY[@]}"; complete -p taxon`;
  const said = execFileSync('bash', ['--norc', '-c', ask, 'bash', script], { encoding: 'utf8' });
  expect(said).toBe('0\ncomplete -o default -F _taxon taxon\n');
});

// zsh and fish are installed on few machines: their scripts were tried by hand, here they say the same as bash's
test.each([
  ['zsh', "'--gated:train a challenger in steps", "'model|roll-back'"],
  ['fish', "-l gated -d 'train a challenger in steps", "'model|roll-back'"],
])('%s: commands and options, with what they mean', async (shell, option, command) => {
  const { code, stdout } = await taxonHere(['completion', shell], {});
  expect(code).toBe(0);
  expect(stdout).toContain(option);
  expect(stdout).toContain(command);
});

test('there is no other shell', async () => {
  expect(await taxonHere(['completion', 'tcsh'], {})).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('bash, zsh, fish'),
  });
});
