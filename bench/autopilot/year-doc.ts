/** `node bench/autopilot/year-doc.ts --help` */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { table } from '../../src/cli/output.ts';
import { loadConfig, packageRoot } from '../../src/config.ts';
import { benchFolder } from '../accuracy/results.ts';
import type { Week } from './week.ts';

const { values } = parseArgs({
  options: { error: { type: 'string', default: '0.1' }, help: { type: 'boolean', default: false } },
});

const help = `Draws the newest years that bench/autopilot/year.ts has measured into docs/measured/autopilot.svg, and prints the table of docs/measured/autopilot.md.

  node bench/autopilot/year-doc.ts [--error .1]`;

const hows = { autopilot: '#0a6', ungated: '#c60', never: '#36c', once: '#999' } as const;
type How = keyof typeof hows;

interface Year {
  set: string;
  how: How;
  weeks: Week[];
  minutes: number;
  /** Its last four weeks again, at a model trained once on all that memory held before them. */
  again: Week | null;
}

/** The weeks after the last "began" of the file. */
function newest(set: string, how: How): Year | null {
  const file = join(benchFolder(loadConfig()), `year-${set}-${how}.jsonl`);
  if (!existsSync(file)) return null;
  const lines = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Week & { began?: string; again?: Week; seconds: number });
  const year = lines.slice(lines.findLastIndex(({ began }) => began !== undefined) + 1);
  const again = year.find((line) => line.again !== undefined)?.again ?? null;
  const weeks = year.filter((line) => line.again === undefined);
  const minutes = Math.round((weeks.at(-1)?.seconds ?? 0) / 60);
  // its first two weeks are there to be checked
  if (how === 'once') weeks.splice(0, 2);
  return { set, how, weeks, minutes, again };
}

const count = (what: Record<string, number>, layer: string) => what[layer] ?? 0;
const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);

/** P(X ≥ wrong) for so many answers of which each is wrong with this chance. */
function atLeast(wrong: number, answers: number, share: number): number {
  let below = 0;
  let term = answers * Math.log(1 - share);
  for (let k = 0; k < wrong; k++) {
    below += Math.exp(term);
    term += Math.log((answers - k) / (k + 1)) + Math.log(share / (1 - share));
  }
  return 1 - below;
}

/** Whether the exact lower 95 % bound of the share of wrong ones is above a share. */
const isAbove = (wrong: number, answers: number, share: number) =>
  answers > 0 && atLeast(wrong, answers, share) < 0.05;

function rowOf({ set, how, weeks, minutes, again }: Year, error: number) {
  const local = sum(weeks.map(({ layers }) => count(layers, 'local')));
  const wrong = sum(weeks.map((week) => count(week.wrong, 'local')));
  const last = weeks.slice(how === 'once' ? -2 : -4);
  const share = (some: Week[]) =>
    `${((100 * sum(some.map(({ layers }) => count(layers, 'llm')))) / sum(some.map(({ names }) => names))).toFixed(1)} %`;
  const all = (some: Week[], of: (week: Week) => number) =>
    sum(some.map(of)) / sum(some.map(({ names }) => names));
  const anyWrong = (week: Week) => sum(Object.values(week.wrong));
  return {
    year: `${set}, ${how}`,
    weeks: weeks.length,
    models: Math.max(...weeks.map(({ champion }) => champion ?? 0)),
    'first four': share(weeks.slice(0, 4)),
    'last four': share(last),
    'again, trained once': again === null ? '' : share([again]),
    'tokens a name': Math.round(all(last, ({ tokens }) => tokens)),
    audits: Math.round(all(last, ({ auditTokens }) => auditTokens)),
    checks: weeks.at(-1)?.checks ?? 0,
    local,
    'of these wrong': local === 0 ? '' : `${((100 * wrong) / local).toFixed(1)} %`,
    'weeks above': weeks.filter((week) =>
      isAbove(count(week.wrong, 'local'), count(week.layers, 'local'), error),
    ).length,
    'all wrong, last four': `${(100 * all(last, anyWrong)).toFixed(1)} %`,
    minutes,
  };
}

const width = 640;
const height = 150;

/** One panel: a line a year, weeks to the right. */
function panel(
  title: string,
  years: readonly Year[],
  of: (week: Week) => number | null,
  show: (value: number) => string,
  mark?: number,
): string {
  const points = years.flatMap(({ weeks }) => weeks.map(of).filter((value) => value !== null));
  const most = Math.max(...points, mark ?? 0) * 1.05 || 1;
  const x = (week: number) => (50 + (570 * week) / 52).toFixed(1);
  const y = (value: number) => (height - 25 - (110 * value) / most).toFixed(1);
  const lines = years.map(({ how, weeks }) => {
    const path = weeks.map((week, i) => {
      const value = of(week);
      const before = i > 0 ? of(weeks[i - 1] as Week) : null;
      return value === null ? '' : `${before === null ? 'M' : 'L'}${x(week.week)} ${y(value)}`;
    });
    // what was trained once was asked about the last four weeks only
    const shift = how === 'once' ? ` transform="translate(${(570 * 48) / 52} 0)"` : '';
    return `<path d="${path.join('')}" stroke="${hows[how]}" fill="none" stroke-width="1.5"${shift}/>`;
  });
  return `<text x="50" y="10" font-size="12">${title}</text>
<path d="M50 ${height - 25}H620M50 15V${height - 25}" stroke="#999" fill="none"/>
<text x="46" y="20" font-size="10" text-anchor="end">${show(most)}</text><text x="46" y="${height - 25}" font-size="10" text-anchor="end">0</text>
${mark === undefined ? '' : `<path d="M50 ${y(mark)}H620" stroke="#666" stroke-dasharray="5 3"/><text x="622" y="${y(mark)}" font-size="9" text-anchor="end">promised</text>`}
${[1, 13, 26, 39, 52].map((week) => `<text x="${x(week)}" y="${height - 12}" font-size="10" text-anchor="middle">${week}</text>`).join('')}
${lines.join('\n')}`;
}

function picture(set: string, years: readonly Year[], error: number, top: number): string {
  const percent = (value: number) => `${Math.round(100 * value)} %`;
  const legend = years
    .map(({ how }, i) => `<text x="${250 + 100 * i}" y="10" font-size="12" fill="${hows[how]}">${how}</text>`)
    .join('');
  const panels = [
    panel(`${set}: the LLM's share, by week`, years, (w) => count(w.layers, 'llm') / w.names, percent) +
      legend,
    panel(
      'tokens of the LLM a name',
      years,
      (w) => w.tokens / w.names,
      (value) => String(Math.round(value)),
    ),
    panel(
      'share of local answers that are wrong',
      years,
      (w) => (count(w.layers, 'local') < 20 ? null : count(w.wrong, 'local') / count(w.layers, 'local')),
      percent,
      error,
    ),
  ];
  return panels.map((each, i) => `<g transform="translate(0 ${top + height * i})">${each}</g>`).join('\n');
}

if (values.help) console.log(help);
else {
  const error = Number(values.error);
  const sets = ['titles', 'demo'].map((set) => ({
    set,
    years: (Object.keys(hows) as How[])
      .map((how) => newest(set, how))
      .filter((year) => year !== null && year.weeks.length > 0) as Year[],
  }));
  const drawn = sets.filter(({ years }) => years.length > 0);
  const tall = 3 * height + 20;
  writeFileSync(
    join(packageRoot, 'docs', 'measured', 'autopilot.svg'),
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${tall * drawn.length}" font-family="sans-serif" role="img" aria-label="The LLM's share, tokens and errors by week of simulated years">
<rect width="${width}" height="${tall * drawn.length}" fill="#fff"/>
${drawn.map(({ set, years }, i) => picture(set, years, error, tall * i + 5)).join('\n')}
</svg>
`,
  );
  console.log(table(drawn.flatMap(({ years }) => years.map((year) => rowOf(year, error)))));
}
