import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readModelFolder } from '../../src/train/model-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'model-folder-'));
afterAll(() => rmSync(folder, { recursive: true }));

test.each<[unknown, string]>([
  [[], 'expected an object'],
  [{ 0: ['Home'] }, '→ at 0'],
  [{ 12: [] }, '→ at 12'],
  [{ 12: ['Home', ''] }, '→ at 12.1'],
  [{ 12: ['Home', 7] }, 'expected string, received 7'],
])('categories.json of %j is damaged: %s', (categories, says) => {
  writeFileSync(join(folder, 'manifest.json'), '{}');
  writeFileSync(join(folder, 'categories.json'), JSON.stringify(categories));
  expect(() => readModelFolder(folder)).toThrow(says);
});
