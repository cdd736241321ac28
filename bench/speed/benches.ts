import type { Bench, Printed } from './types.ts';

/** The row that has such a value in a column, and the number in another. */
function figure(rows: readonly Printed[], column: string, value: string, wanted: string): number {
  const found = rows.find((row) => row[column] === value)?.[wanted];
  if (typeof found !== 'number') throw new Error(`no number "${wanted}" where "${column}" is "${value}"`);
  return found;
}

const before = '0365b03';

/** Two rows, one a checkout. */
const beside = (wanted: string) => (rows: readonly Printed[]) => ({
  ours: figure(rows, 'commit', 'here', wanted),
  peers: figure(rows, 'commit', before, wanted),
});

/** Names with one word changed, looked up in both ways. */
const besideTrigrams = (wanted: string) => (rows: readonly Printed[]) => ({
  ours: figure(rows, 'by', 'signatures', wanted),
  peers: figure(rows, 'by', 'trigrams', wanted),
});

export const benches: readonly Bench[] = [
  {
    id: 'start',
    what: 'npm start -- --once in an empty data folder, packages installed',
    peer: before,
    unit: 's',
    better: 'smaller',
    bar: 0.25,
    full: ['bench/speed/start.ts'],
    pick: beside('seconds'),
  },
  {
    id: 'full',
    what: 'npm start in an empty data folder: until a sidecar answers with the full model',
    peer: before,
    unit: 's',
    better: 'smaller',
    bar: 0.5,
    full: ['bench/speed/start.ts', '--full'],
    pick: beside('seconds to the full model'),
  },
  {
    id: 'arrivals',
    what: '1,000 new titles at once at 57,029 labels: the last answer',
    peer: before,
    unit: 's',
    better: 'smaller',
    bar: 0.2,
    full: ['bench/speed/arrivals.ts'],
    pick: beside('last answer, s'),
  },
  {
    id: 'encode',
    what: 'encoding real titles with one thread',
    peer: 'onnxruntime in Python, same weights and batches',
    unit: 'names a CPU second',
    better: 'larger',
    bar: 0.85,
    full: ['bench/encode.ts'],
    quick: ['bench/encode.ts', '--names', '64', '--rounds', '1'],
    pick: (rows) => ({
      ours: figure(rows, 'way', 'src/model/encoder.ts, 1 worker thread', 'names/CPU s'),
      peers: figure(rows, 'way', 'Python: the same graph', 'names/CPU s'),
    }),
  },
  {
    id: 'similar-p50',
    what: 'similar look-up of one name at 1,000,000 labels, processor time of the server, p50',
    peer: 'the index of trigrams (GIN)',
    unit: 'ms',
    better: 'smaller',
    bar: 0.05,
    full: ['bench/similar/run.ts'],
    pick: besideTrigrams('p50, CPU ms'),
  },
  {
    id: 'similar-p95',
    what: 'the same, p95',
    peer: 'the index of trigrams (GIN)',
    unit: 'ms',
    better: 'smaller',
    bar: 0.125,
    full: ['bench/similar/run.ts'],
    quick: ['bench/similar/run.ts', '--labels', '50000', '--names', '200'],
    pick: besideTrigrams('p95, CPU ms'),
  },
];
