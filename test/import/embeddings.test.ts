import { expect, test } from 'vitest';
import { parquetSink } from '../../src/export/parquet.ts';
import { readEmbedded } from '../../src/import/embeddings.ts';
import { collect, fileWith } from './files.ts';

test('a header inside is skipped with its embedding', async () => {
  const path = fileWith('header.parquet', '');
  const sink = parquetSink(
    path,
    [
      { name: 'name', type: 'text' },
      { name: 'l1', type: 'text' },
      { name: 'embedding', type: 'embedding' },
    ],
    { 'pgtaxon.encoder': 'tiny' },
  );
  sink.write(
    [
      ['A', 'x'],
      ['name', 'l1'],
      ['B', 'y'],
    ].map(([name, l1], i) => ({ name, l1, embedding: Float32Array.of(i, 1) })),
  );
  sink.end();
  const file = await readEmbedded(path);
  const rows = await collect(file?.rows ?? (async function* () {})());
  expect(rows.map(({ name, embedding }) => [name, Array.from(embedding ?? [])])).toEqual([
    ['A', [0, 1]],
    ['B', [2, 1]],
  ]);
});
