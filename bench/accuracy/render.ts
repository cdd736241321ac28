import { cleaningTable } from './render-cleaning.ts';
import type { Result } from './results.ts';
import { type Metric, metrics, type Summary, summarise } from './summary.ts';
import { count, figure, line, percent, pValue } from './words.ts';

const begin = '<!-- ideas tried: written by hand; bench/accuracy/doc.ts keeps what stands here -->';
const end = '<!-- end of ideas tried -->';

const columns: Record<Metric, string> = {
  l1: 'l1',
  l2: 'l2',
  l3: 'l3',
  path: 'all three',
  coverage5: 'coverage at 5 %',
  coverage10: 'at 10 %',
};

const sections: { set: Result['set']; teacher: Result['teacher']; title: string; about: string }[] = [
  {
    ...{ set: 'titles', teacher: 'original', title: 'Real titles, the labels as they come' },
    about: 'Russian and English titles with the labels of a noisy teacher.',
  },
  {
    ...{ set: 'titles', teacher: 'random', title: 'Real titles, a simulated teacher that errs at random' },
    about:
      '**The teacher is simulated**: made from the truth, each name wrong by itself, as often at each level as with the ' +
      "original teacher, its wrong answers drawn from the original's confusions. Each seed is another teacher.",
  },
  {
    ...{ set: 'titles', teacher: 'systematic', title: 'Real titles, a simulated teacher that errs by kind' },
    about:
      '**The teacher is simulated**: as above, but all names with the same first word (of three letters or more) and the ' +
      'same true path are wrong together and alike, as a language model misreads a kind of product. No other name of the ' +
      'kind gives such an error away, so neither training nor cleaning out of fold can see it.',
  },
  {
    ...{ set: 'demo', teacher: 'original', title: 'The demo catalogue' },
    about:
      '**Names and teacher are simulated** (src/demo/catalogue). Learnt from its labelled names, asked the arriving names ' +
      'that memory does not hold. Each seed is another catalogue of the same kind. This table can be made everywhere.',
  },
  {
    ...{ set: 'demo', teacher: 'random', title: 'The demo catalogue, a teacher that errs at random' },
    about: '**Names and teacher are simulated.**',
  },
  {
    ...{ set: 'demo', teacher: 'systematic', title: 'The demo catalogue, a teacher that errs by kind' },
    about: '**Names and teacher are simulated.**',
  },
];

const few = (value: number) => (value >= 10 ? count(value) : value.toFixed(1));

function pairing({ against }: Summary): string {
  if (against === null) return '';
  return `${pValue(against.p)} (${against.peer}; ahead in ${against.ahead} of ${against.seeds})`;
}

function row(summary: Summary, seeds: boolean): string[] {
  return [
    summary.kind === 'ours' ? summary.method : `${summary.method} (peer)`,
    ...(seeds ? [String(summary.seeds.length)] : []),
    ...metrics.map((metric) => figure(summary.figures[metric])),
    `${few(summary.trainSeconds)} (${few(summary.trainCpuSeconds)})`,
    count(summary.peakBytes / 1e6),
    summary.rows.some(({ embeds }) => embeds)
      ? `${count(summary.namesPerSecond)} (${count(summary.endToEndPerSecond)})`
      : count(summary.namesPerSecond),
    pairing(summary),
  ];
}

/** The commands that make the rows: one for each number of seeds. */
function commands({ set, teacher }: (typeof sections)[number], found: readonly Summary[]): string {
  const numbers = [...new Set(found.map(({ seeds }) => seeds.length))].sort((a, b) => b - a);
  const lines = numbers.map((seeds) => {
    const own = found.filter((each) => each.seeds.length === seeds).map(({ method }) => method);
    const only = own.map((method) => ` --only ${/\s/.test(method) ? `"${method}"` : method}`);
    return `    node bench/accuracy/run.ts --set ${set} --teacher ${teacher}${numbers.length > 1 ? only.join('') : ''} --seeds ${seeds}`;
  });
  return lines.join('\n');
}

function section(of: (typeof sections)[number], all: readonly Summary[]): string {
  const { set, teacher, title, about } = of;
  const found = all.filter((each) => each.set === set && each.teacher === teacher);
  const first = found[0]?.rows[0];
  if (first === undefined) return '';
  const numbers = found.map((each) => each.seeds.length);
  const seeds = Math.max(...numbers);
  const differ = numbers.some((number) => number !== seeds);
  const { train, valid, test } = first.names;
  const errors = first.teacherErrors.map(percent).join(' / ');
  const head = [
    'method',
    ...(differ ? ['seeds'] : []),
    ...metrics.map((metric) => columns[metric]),
    'training s (CPU s)',
    'memory, MB',
    'names/s (with encoding)',
    'p against the best peer',
  ];
  return `## ${title}

${about} ${count(train)} names to learn from (${count(valid)} more to choose by), ${count(test)} asked; the teacher is wrong
down to l1 / l2 / l3 in ${errors} % of them${seeds > 1 ? ' (first seed)' : ''}. ${differ ? 'Not all\nmethods have as many seeds: see the table.' : `${seeds} seed${seeds > 1 ? 's' : ''}.`}

${commands(of, found)}

${[line(head), `|---|${'--:|'.repeat(head.length - 2)}---|`, ...found.map((each) => line(row(each, differ)))].join('\n')}

${cleaningTable(found)}`;
}

/** Each method's settings as they were with its newest result: a temperature fitted on the valid names is one of them. */
function settings(all: readonly Summary[]): string {
  const newest = new Map(all.map(({ method, rows }) => [method, rows.at(-1)?.settings ?? '']));
  return [...newest].map(([method, text]) => `- \`${method}\`: ${text}`).join('\n');
}

function kept(before: string): string {
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  return from === -1 || to < from ? '\n' : before.slice(from + begin.length, to);
}

/**
 * The page docs/measured/accuracy.md.
 *
 * @param results rows of whole sets
 * @param before  the page as it was: what stands between the markers of "Ideas tried" stays
 */
export function render(results: readonly Result[], before: string): string {
  const all = summarise(results);
  const machines = [...new Set(results.map(({ machine }) => machine))].join('; ');
  const rates = results.map(({ encodedPerSecond }) => encodedPerSecond);
  const [slowest, fastest] = [count(Math.min(...rates)), count(Math.max(...rates))];
  const encoded = slowest === fastest ? slowest : `${slowest} to ${fastest}`;
  return `# How often it is right, beside its peers

Written by \`node bench/accuracy/doc.ts\` from what \`node bench/accuracy/run.ts\` measured; do not edit, except between the
markers of the last section. Every method learns from the same noisy labels in the same run and is scored on the truth, which
none of them sees. Shares in percent: of the names whose truth has the level (l1, l2, l3), or of all names; *all three* counts
stopping where the truth stops. *Coverage* is the largest share of the surest names of which at most 5 or 10 % have a wrong path;
the cut is an oracle's, made on the test names themselves, so it compares methods and promises nothing. ± is half of the 95 %
interval over the seeds (Student's t; a single seed has none), which holds what the seed changes (model, teacher, catalogue) and not the choice of the test
names. Training time and names/s leave out the encoding, which all methods on the embedding share (${encoded} names/s here); the
number in brackets has it in. Memory is the highest of the process that trained: a peer's own process, for ours the whole bench.
p is McNemar's exact test on *all three* between ours and the best peer, name by name, the highest of all seeds; beside it in
how many seeds ours is ahead. Measured on ${machines}.

${sections.map((each) => section(each, all)).join('')}## Settings

${settings(all)}

## Ideas tried

${begin}${kept(before)}${end}
`;
}
