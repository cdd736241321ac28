import { expect, test } from 'vitest';
import { codeOf, rowsOf, statementsOf } from '../support/pages.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();
const screen = codeOf('README.md').lines.filter(({ kind }) => kind === 'screen');
const cellsOf = (line: string) => line.split('|').map((cell) => cell.trim());

test('the screen shows what its statements return', async () => {
  const writer = await t.connect('taxon_writer');
  const [insert = '', select = ''] = statementsOf('README.md').map(({ text }) => text);
  const [row] = await writer.rows<{ product_id: number; state: string }>(insert);
  expect(Object.keys(row ?? {})).toHaveLength(2);
  expect(cellsOf(screen[1]?.text ?? '')).toEqual([expect.stringMatching(/^\d+$/), row?.state]);
  const [id = ''] = cellsOf(screen[1]?.text ?? '');
  expect(select).toContain(id);
  const shown = await writer.row(select.replace(id, String(row?.product_id)));
  expect(cellsOf(screen[3]?.text ?? '')).toEqual(Object.keys(shown));
  expect(cellsOf(screen[5]?.text ?? '')[0]).toBe(shown.name);
});

test('the figures are those of docs/measured/demo.md', () => {
  const figures = (page: string) =>
    rowsOf(page)
      .filter(({ cells }) => 'layer' in cells)
      // README.md says beside the first column what its last row is compared with
      .map(({ cells: { layer = '', ...others } }) => [
        layer.replace(/ \(an LLM call .*\)$/, ''),
        ...Object.values(others),
      ]);
  expect(figures('README.md').length).toBe(6);
  expect(figures('README.md')).toEqual(figures('docs/measured/demo.md'));
});
