import { describe, expect, test } from 'vitest';
import { collect, type LabelledRow } from '../../../src/train/data/collect.ts';

type Given = Partial<LabelledRow> & { name: string; path: string };

const rows = (given: readonly (Omit<Given, 'path'> & { path: string })[]) =>
  given.map(({ path, ...row }, i) => ({ line: i + 1, source: null, path: path.split(' > '), ...row }));
async function* stream(
  given: readonly (Omit<Given, 'path'> & { path: string })[],
): AsyncGenerator<LabelledRow> {
  yield* rows(given);
}
const gather = (given: Parameters<typeof rows>[0], count: number | null = null) =>
  collect('f.parquet', stream(given), count);

describe('collect', () => {
  test('takes spellings of one category for one, as the first was written', async () => {
    const set = await gather([
      { name: 'a', path: 'Home > Чай п’ять' },
      { name: 'b', path: "HOME > чай п'ять" },
      { name: 'c', path: 'home > Mugs' },
    ]);
    expect(Object.fromEntries(set.categories)).toEqual({
      1: ['Home'],
      2: ['Home', 'Mugs'],
      3: ['Home', 'Чай п’ять'],
    });
    expect(set.paths).toEqual([
      [1, 3, null],
      [1, 3, null],
      [1, 2, null],
    ]);
  });

  test('has one row a name key; ids follow the order of the paths, not of the rows', async () => {
    const given = [
      { name: 'Tea  Green', path: 'Food > Tea > Green' },
      { name: 'x', path: 'Audio' },
      { name: 'TEA green', path: 'Food > Tea > Green' },
      { name: 'deep', path: 'Food > Tea > Green > Loose > Jasmine' },
    ];
    const set = await gather(given);
    expect(set.keys).toEqual(['tea green', 'x', 'deep']);
    expect(Object.fromEntries(set.categories)).toEqual({
      1: ['Audio'],
      2: ['Food'],
      3: ['Food', 'Tea'],
      4: ['Food', 'Tea', 'Green'],
      5: ['Food', 'Tea', 'Green', 'Loose'],
      6: ['Food', 'Tea', 'Green', 'Loose', 'Jasmine'],
    });
    expect(set.paths).toEqual([
      [2, 3, 4],
      [1, null, null],
      [2, 3, 6],
    ]);
    const turned = await gather([...given].reverse());
    expect(turned.categories).toEqual(set.categories);
    expect(set).toMatchObject({ conflicts: 0, embeddings: null, sources: { import: 3 } });
  });

  test('decides conflicts as an import does: people, then most rows, then the last', async () => {
    const winnerOf = async (...said: [string, string][]) => {
      const set = await gather(said.map(([path, source]) => ({ name: 'n', path, source })));
      const l1 = set.paths[0]?.[0] ?? 0;
      return [set.categories.get(l1)?.[0], Object.keys(set.sources)[0], set.conflicts];
    };
    expect(await winnerOf(['A', 'llm'], ['B', 'human'], ['A', 'llm'])).toEqual(['B', 'human', 1]);
    expect(await winnerOf(['A', 'llm'], ['A', 'llm'], ['B', 'llm'])).toEqual(['A', 'llm', 1]);
    expect(await winnerOf(['A', 'llm'], ['B', 'llm'])).toEqual(['B', 'llm', 1]);
    expect(await winnerOf(['A', 'human'], ['B', 'human'], ['B', 'llm'])).toEqual(['B', 'human', 1]);
  });

  test('keeps the first embedding of each name and leaves out rows without one', async () => {
    const set = await gather(
      [
        { name: 'a', path: 'A', embedding: [1, 0] },
        { name: 'b', path: 'A' },
        { name: 'A', path: 'A', embedding: [0, 1] },
        { name: 'c', path: 'B', embedding: Float32Array.of(0.5, 0.25) },
      ],
      4,
    );
    expect(set.keys).toEqual(['a', 'c']);
    expect([...(set.embeddings as Float32Array)]).toEqual([1, 0, 0.5, 0.25]);
    expect(set).toMatchObject({ dimension: 2, unencoded: 1 });
  });

  test.each([
    [[1, 0, 0], 'f.parquet, row 2: the embedding has 3 numbers, the first of the file 2'],
    [[1, Number.NaN], 'f.parquet, row 2: the embedding holds NaN'],
  ])('refuses an embedding %j', async (embedding, message) => {
    const given = [
      { name: 'a', path: 'A', embedding: [1, 0] },
      { name: 'b', path: 'A', embedding },
    ];
    await expect(gather(given, 2)).rejects.toThrow(message);
  });
});
