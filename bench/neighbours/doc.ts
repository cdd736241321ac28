import type { ChurnStep } from './churn.ts';
import type { Recall } from './measure.ts';

/** As src/train/join/neighbours.ts has it. */
const mostCompared = 200_000;

/** Milliseconds a name. */
interface Times {
  p50: number;
  p95: number;
  /** The server's own, on average. */
  cpu: number | null;
}

/** What run.ts found at one size. */
export interface Measured extends Recall {
  vectors: 'simulated' | 'real';
  size: number;
  asked: number;
  /** Of building the index: seconds, processor seconds, and maintenance_work_mem in kB. */
  seconds: number;
  cpu: number | null;
  memory: number;
  indexBytes: number;
  tableBytes: number;
  pgvector: string;
  server: string;
  /** shared_buffers. */
  buffers: string;
  exact: Times;
  index: Times;
  /** CPU milliseconds that the index adds to saving one embedding. */
  inserted: number;
  /** CPU seconds a name of training's search, exact and in cells, and of parting memory into cells. */
  training: { exact: number; cells: number; parting: number; recall: number };
  churn: ChurnStep[] | null;
  date: string;
}

const count = (n: number) => n.toLocaleString('en');
const share = (x: number) => x.toFixed(4);
const cpu = (x: number | null) => (x === null ? '' : x.toPrecision(3));
const ms = ({ p50, p95 }: Times) => `${p50.toPrecision(3)} / ${p95.toPrecision(3)}`;

function table(head: string, rows: readonly (readonly (string | number)[])[]): string {
  const columns = head.split(' | ');
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [
    line(columns),
    `|${columns.map((_, i) => (i === 0 ? '---' : '--:')).join('|')}|`,
    ...rows.map(line),
  ].join('\n');
}

/** docs/measured/neighbours.md. */
export function document(results: readonly Measured[]): string {
  // a size whose measurement was cut short has its index alone
  const sorted = results
    .filter(({ recall }) => recall !== undefined)
    .toSorted((a, b) => a.vectors.localeCompare(b.vectors) || a.size - b.size);
  const versions = [
    ...new Set(sorted.map(({ server, pgvector }) => `PostgreSQL ${server} with pgvector ${pgvector}`)),
  ];
  const found = table(
    'vectors | labels | shared_buffers | exact, ms (p50 / p95) | index, ms (p50 / p95) | exact, CPU ms | index, CPU ms | ratio of CPU | recall of the 30 | of the worst twentieth | names with fewer',
    sorted.map((m) => [
      ...[m.vectors, count(m.size), m.buffers, ms(m.exact), ms(m.index), cpu(m.exact.cpu), cpu(m.index.cpu)],
      m.exact.cpu === null || m.index.cpu === null ? '' : Math.round(m.exact.cpu / m.index.cpu),
      ...[share(m.recall), share(m.worst), m.short],
    ]),
  );
  const built = table(
    'vectors | labels | seconds | CPU s | maintenance_work_mem | index | table | one more label, CPU ms | date',
    sorted.map((m) => [
      ...[
        m.vectors,
        count(m.size),
        Math.round(m.seconds),
        m.cpu === null ? '' : Math.round(m.cpu),
        `${Math.round(m.memory / 1024)} MB`,
      ],
      ...[
        `${Math.round(m.indexBytes / 1e6)} MB`,
        `${Math.round(m.tableBytes / 1e6)} MB`,
        m.inserted.toPrecision(2),
        m.date,
      ],
    ]),
  );
  const churned = sorted.flatMap(({ churn, vectors, size }) =>
    churn === null
      ? []
      : [
          `${count(size)} labels, ${vectors} vectors, 500 names:\n\n${table(
            'what was done | seconds | recall of the 30 | of the worst twentieth | names with fewer',
            churn.map((step) => [
              step.step,
              step.seconds.toFixed(1),
              share(step.recall),
              share(step.worst),
              step.short,
            ]),
          )}`,
        ],
  );
  const trained = table(
    'vectors | labels | each with each, CPU ms a name | in cells, CPU ms a name | parting into cells, CPU s | recall of the 30 | five folds of all names, CPU min',
    sorted.map(({ vectors, size, training: t }) => {
      // a fold is compared with the other four; beyond what is compared with each in cells, parted anew for each fold
      const folds =
        size * 0.8 <= mostCompared ? size * 0.8 * t.exact : size * 0.8 * t.cells + 5 * 0.8 * t.parting;
      return [
        ...[vectors, count(size), (1000 * t.exact).toPrecision(3), (1000 * t.cells).toPrecision(3)],
        ...[t.parting.toFixed(1), share(t.recall), (folds / 60).toFixed(1)],
      ];
    }),
  );
  return `# Neighbours by index and exact, measured

Made by \`node bench/neighbours/run.ts\`, then \`--doc\`. ${versions.join('; ')}, two cores that did other work too: a name waits for its turn there, so the server's own processor time a name says more than the time that passed.

*simulated*: the names are real, their vectors are what a linear pupil of the bundled encoder says, which learnt a vector for each n-gram from the real titles' embeddings. *real*: those titles by the encoder itself. Names that are asked are not in memory. Milliseconds that pass are those of a lone name, CPU milliseconds those of
a name in a statement of 32 (exact: of 2), the two ways in turn; recall is the share of the 30 exact neighbours that the index finds.

${found}

## Making the index

CREATE INDEX CONCURRENTLY, as a sidecar does it, with the server's own number of parallel workers.

${built}

## After changes

${churned.join('\n\n')}

## What training searches

All of memory: up to ${count(mostCompared)} rows each with each, beyond that the nearest cells (\`src/train/cells.ts\`). The last column is reckoned from the others.

${trained}
`;
}
