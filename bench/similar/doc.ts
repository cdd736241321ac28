import type { Made, Sizes } from './memory.ts';
import type { Raced } from './race.ts';

export interface Measured {
  labels: number;
  made: Made | null;
  bytes: Sizes;
  machine: string;
  results: Record<string, Raced>;
}

const ways = ['trigrams', 'signatures'] as const;
const round = (value: number, digits = 2) => Number(value.toFixed(digits));
const mb = (bytes: number) => Math.round(bytes / 1e6);

/** A row a set of names and way, with the ratio to trigrams. */
export function rowsOf({ labels, results }: Measured) {
  return Object.entries(results).flatMap(([set, raced]) =>
    ways.map((way) => ({
      names: set,
      by: way,
      labels,
      'p50, CPU ms': round(raced.cpu[way].p50),
      'p95, CPU ms': round(raced.cpu[way].p95),
      'p99, CPU ms': round(raced.cpu[way].p99),
      'p50, ms': round(raced.wall[way].p50),
      'p95, ms': round(raced.wall[way].p95),
      'in a batch, CPU ms': round(raced.batch[way]),
      matched: raced.matched,
      'same match, %': way === 'trigrams' ? 100 : round((100 * raced.same) / raced.matched),
    })),
  );
}

const ratio = (ours: number, peers: number) => `1/${(peers / ours).toFixed(1)}`;

function tableOf(raced: Raced): string {
  const { cpu, wall, batch } = raced;
  const row = (what: string, peers: number, ours: number) =>
    `| ${what} | ${peers.toFixed(1)} | ${ours.toFixed(2)} | ${ratio(ours, peers)} |`;
  return [
    '| a name, milliseconds | trigrams | signatures | ratio |',
    '|---|---|---|---|',
    row('processor time, p50', cpu.trigrams.p50, cpu.signatures.p50),
    row('processor time, p95', cpu.trigrams.p95, cpu.signatures.p95),
    row('processor time, p99', cpu.trigrams.p99, cpu.signatures.p99),
    row('wall time, p50', wall.trigrams.p50, wall.signatures.p50),
    row('wall time, p95', wall.trigrams.p95, wall.signatures.p95),
    row('processor time, 64 names in one statement', batch.trigrams, batch.signatures),
  ].join('\n');
}

/** docs/measured/similar.md */
export function render(measured: Measured): string {
  const { labels, made, bytes, machine, results } = measured;
  const sets = Object.entries(results).map(([set, raced]) => {
    const { names, matched, same, other } = raced;
    const share = ((100 * same) / matched).toFixed(2);
    return `## ${names} names: ${set}\n\n${tableOf(raced)}\n\nTrigrams find an allowed match for ${matched} names. Signatures find the same one for ${same} (${share} %), another one for ${other}, and none for ${matched - same - other}.\n`;
  });
  const signing =
    made === null
      ? ''
      : `| signing all labels | ${Math.round(made.seconds)} s, of which ${Math.round(made.cpu)} s of the server's processor time |\n`;
  return `# Similar look-up at ${labels.toLocaleString('en')} labels

Written by \`node bench/similar/run.ts --doc\`. ${machine}.

Each name is looked up in both ways, one after the other, by \`similar_labels()\` with its threshold of 0.6 and its guard. Processor time is the
server process's own, from Linux, so other work on the machine hardly moves it; wall time is what a client waits.

${sets.join('\n')}
## What signatures cost

| what | |
|---|---|
${signing}| size of label_signatures with its indexes | ${mb(bytes.signatures)} MB |
| size of the index of trigrams, beside | ${mb(bytes.trigrams)} MB |
`;
}
