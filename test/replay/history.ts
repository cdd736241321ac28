import { openDatabase } from '../../src/database/connection/open.ts';
import { registerEncoder } from '../../src/database/registry.ts';
import { importLabels } from '../../src/import/labels.ts';
import type { Row } from '../../src/import/read.ts';
import { openEncoder } from '../../src/model/encoder.ts';
import { encodeLabels } from '../../src/train/data/dataset.ts';
import { seededRandom } from '../../src/train/random.ts';
import { testConfig } from '../support/config.ts';
import { type TestDatabase, testDatabaseFrom } from '../support/database.ts';

/** Type words and their categories; from the third month on garden hoses appear, and smartphones are filed elsewhere. */
const kinds: { words: string[]; path: string; later?: string; from?: number }[] = [
  {
    words: ['smartphone', 'смартфон'],
    path: 'Electronics > Phones > Smartphones',
    later: 'Outlet > Phones > Returned',
  },
  { words: ['laptop', 'ноутбук'], path: 'Electronics > Computers > Laptops' },
  { words: ['electric kettle', 'чайник'], path: 'Home > Kitchen > Kettles' },
  { words: ['kitchen knife', 'нож кухонный'], path: 'Home > Kitchen > Knives' },
  { words: ['black tea', 'чай чёрный'], path: 'Food > Drinks > Tea' },
  { words: ['shampoo', 'шампунь'], path: 'Beauty > Hair > Shampoo' },
  { words: ['garden hose', 'шланг садовый'], path: 'Garden > Water > Hoses', from: 2 },
];
const syllables = [
  'ka',
  'ro',
  'mi',
  'tu',
  'sel',
  'dan',
  'vex',
  'pol',
  'zar',
  'lin',
  'gus',
  'hem',
  'dor',
  'fis',
];

export const months = ['2026-01', '2026-02', '2026-03', '2026-04'];
/** Names of each kind in each month. */
export const each = 24;

/** Four months of labels, shuffled as a file may be. A third of the names is near to another of the same month. */
export function driftingHistory(): Row[] {
  const random = seededRandom(7);
  const pick = () => syllables[Math.floor(random.next() * syllables.length)];
  const word = () => `${pick()}${pick()}${pick()}`;
  const rows: { order: number; name: string; path: string; at: string }[] = [];
  months.forEach((month, m) => {
    for (const { words, path, later, from = 0 } of kinds) {
      if (m < from) continue;
      let name = '';
      for (let i = 0; i < each; i++) {
        name = i % 3 === 2 ? `${name} 2` : `${words[i % 2]} ${word()} ${word()} ${word()}`;
        const at = `${month}-${String(1 + (i % 27)).padStart(2, '0')}T10:00:00.000Z`;
        rows.push({ order: random.next(), name, path: m >= 2 ? (later ?? path) : path, at });
      }
    }
  });
  rows.sort((a, b) => a.order - b.order);
  return rows.map(({ name, path, at }, i) => ({
    line: i + 2,
    name,
    path: path.split(' > '),
    source: 'llm',
    labelledAt: at,
  }));
}

/** A database with that history in memory, encoded; nothing trained. Made once a run. */
export function historyDatabase(): Promise<TestDatabase> {
  return testDatabaseFrom('template_replay', async (url) => {
    const config = testConfig();
    const db = openDatabase(url, config);
    const encoder = await openEncoder(config);
    try {
      await importLabels(
        db,
        (async function* () {
          yield* driftingHistory();
        })(),
      );
      const id = await registerEncoder(db, encoder.identity, encoder.dimension);
      await encodeLabels(db, encoder, id, new AbortController().signal);
    } finally {
      await encoder.close();
      await db.close();
    }
  });
}
