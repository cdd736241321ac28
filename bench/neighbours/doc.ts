import type { ChurnStep } from './churn.ts';

/** As src/train/neighbours.ts has it. */
const mostCompared = 200_000;

export interface Recall {
  /** Share of the exact neighbours that the index finds; of the worst twentieth of the names. */
  recall: number;
  worst: number;
  /** Names that got fewer than there are. */
  short: number;
}

/** Milliseconds a name. */
interface Times {
  p50: number;
  p95: number;
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
  exact: Times;
  index: Times;
  /** By the index, in statements of 32 names. */
  batch: number;
  /** Milliseconds that the index adds to saving one embedding. */
  inserted: number;
  /** CPU seconds a name of training's search, exact and in cells, and of parting memory into cells. */
  training: { exact: number; cells: number; parting: number; recall: number };
  churn: ChurnStep[] | null;
  date: string;
}

const count = (n: number) => n.toLocaleString('en');
const share = (x: number) => x.toFixed(4).replace(/^0/, '');
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
    'vectors | labels | exact, ms (p50 / p95) | index, ms (p50 / p95) | index in 32s, ms a name | ratio of p50 | recall of the 30 | of the worst twentieth | names with fewer',
    sorted.map((m) => [
      ...[
        m.vectors,
        count(m.size),
        ms(m.exact),
        ms(m.index),
        m.batch.toPrecision(3),
        Math.round(m.exact.p50 / m.index.p50),
      ],
      ...[share(m.recall), share(m.worst), m.short],
    ]),
  );
  const built = table(
    'vectors | labels | seconds | CPU s | maintenance_work_mem | index | table | one more label, ms | date',
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

Made by \`node bench/neighbours/run.ts --real FOLDER\`, then \`--doc\`. ${versions.join('; ')}, two cores that did other work too: seconds vary by a factor of two from day to day, ratios do not.

*simulated*: the names are real, their vectors are a signed random projection of tf-idf n-grams to 384 dimensions. *real*: the bundled encoder. Names that are asked are not in memory. One name at a time, ten by the
index between two exact ones; recall is the share of the 30 exact neighbours that the index finds.

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
