import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../../src/config.ts';
import { retryTable, toProviderError } from '../../../src/llm/providers/failure.ts';

test('docs/guide/providers.md shows the retry table as it is', () => {
  const shown = readFileSync(join(packageRoot, 'docs/guide/providers.md'), 'utf8')
    .split('\n')
    .filter((line) => /^\| .* \| `[a-z_]+` \| .* \| .* \|$/.test(line));
  expect(shown).toEqual(
    retryTable.map(
      ({ reply, kind, names, provider }) => `| ${reply} | \`${kind}\` | ${names} | ${provider} |`,
    ),
  );
});

test('every status has a row, and only requests that are called wrong are the names’ own', () => {
  for (let status = 300; status < 600; status++) {
    const { kind } = toProviderError({ status, message: 'no' }, undefined);
    const wrong = status >= 400 && status < 500 && ![401, 402, 403, 404, 408, 409, 425, 429].includes(status);
    expect([status, kind === 'refused_request']).toEqual([status, wrong]);
  }
  expect(toProviderError(new Error('fetch failed'), undefined).kind).toBe('unavailable');
});

test('a code of the connection is no word of the provider', () => {
  const cut = Object.assign(new Error('cut'), { code: 'insufficient_quota' });
  expect(toProviderError(cut, undefined).kind).toBe('unavailable');
});
