import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolderOf } from '../../src/atomic-file.ts';
import { packageRoot } from '../../src/config.ts';
import { mcnemar } from '../../src/train/judge/paired.ts';
import { discordant } from '../accuracy/statistics.ts';
import { gigabytes, type Measured, readMeasured } from './measured.ts';

const page = join(packageRoot, 'docs', 'measured', 'training.md');
const [begin, end] = [
  '<!-- notes: written by hand; --doc keeps what stands here -->',
  '<!-- end of notes -->',
];

const share = (value: number) => `${(value * 100).toFixed(1)}`;
const figure = ([name, value]: [string, number]) =>
  `${name} ${Math.abs(value) <= 1 ? `${share(value)} %` : value.toLocaleString('en')}`;

/** How a row's time stands to that of the other code's same step. */
function beside(row: Measured, rows: readonly Measured[]): string {
  const other = rows.find(
    ({ step, names, code }) =>
      step === row.step && names === row.names && code !== 'here' && row.code === 'here',
  );
  if (other === undefined) return '';
  const times = `${(row.seconds / other.seconds).toFixed(2)} (${(row.cpu / other.cpu).toFixed(2)})`;
  if (row.right === undefined || other.right === undefined) return times;
  const { first: won, second: lost } = discordant(row.right, other.right);
  return `${times}; path won ${won}, lost ${lost}, p ${mcnemar(won, lost).toFixed(2)}`;
}

function table(rows: readonly Measured[]): string {
  const lines = rows.map(
    (row) =>
      `| ${row.step} | ${row.code} | ${row.names.toLocaleString('en')} | ${row.seconds} (${row.cpu}) | ${gigabytes(row.peak)} | ${Object.entries(
        row.found ?? {},
      )
        .map(figure)
        .join(', ')} | ${beside(row, rows)} |`,
  );
  return `| step | code | names | seconds (CPU s) | peak, GB | found | of the other code's time (CPU time) |
|---|---|--:|--:|--:|---|---|
${lines.join('\n')}`;
}

/** Writes docs/measured/training.md from all results; what people wrote between its marks stays. */
export function writePage(file: string): void {
  const rows = readMeasured(file);
  if (rows.length === 0) throw new Error(`${file} holds no result`);
  const before = existsSync(page) ? readFileSync(page, 'utf8') : '';
  const from = before.indexOf(begin);
  const notes = from < 0 ? `${begin}\n\n${end}` : before.slice(from, before.indexOf(end) + end.length);
  const [titles, scale] = [false, true].map((is) =>
    rows.filter(({ step }) => step.startsWith('scale') === is),
  );
  const machines = [...new Set(rows.map(({ machine }) => machine))].join('; ');
  const days = [...new Set(rows.map(({ at }) => at.slice(0, 10)))].sort().join(', ');
  makeFolderOf(page);
  writeFileSync(
    page,
    `# Training, measured

Made by \`node bench/training/run.ts --doc\` from what \`node bench/training/run.ts\` measured on ${machines}, ${days}. Other work ran on the
machine, so that seconds say less than CPU seconds, and CPU seconds less than their ratio to those of the same step by other code.

## Real titles, labels of a noisy teacher

*judges*: labels wrong after cleaning at l1 / l2 / l3, against the truth. *model*: of 7,637 titles with known truth, right at each level and on the whole path,
and coverage at 5 and 10 % error. *letters*: of the held-out names, agreement with the labels.

${table(titles as Measured[])}
${
  scale?.length === 0
    ? ''
    : `
## At scale: a program's labels, simulated vectors

${table(scale as Measured[])}
`
}
${notes}
`,
  );
  console.log(`docs/measured/training.md written from ${rows.length} results`);
}
