import type { Cell } from '../report/section.ts';
import { number, percent } from '../report/words.ts';
import type { Hole, XrayReport } from './types.ts';
import { dollars, tokens, withInterval } from './words.ts';

/** A part of the picture: a terminal and a page show the same. */
export interface Part {
  id: string;
  title: string;
  /** Shares, drawn as bars. */
  bars: { name: string; share: number; note: string }[];
  facts: [name: string, value: string][];
  rows: Record<string, Cell>[];
  says: string[];
  /** Shown as they are, one a line. */
  examples: string[];
}

const part = (id: string, title: string, rest: Partial<Part>): Part => ({
  ...{ id, title, bars: [], facts: [], rows: [], says: [], examples: [] },
  ...rest,
});

const wrongly = (share: number | null) => (share === null ? '' : `${percent(share)} not your label`);

function savingsPart({ savings }: XrayReport): Part[] {
  if (savings === null) return [];
  const { shares, wrong, now, then, month, saved, oneByOne, model } = savings;
  const { low, high } = shares.llm;
  const money: [string, string][] =
    now.dollars === null
      ? []
      : [
          [
            'money a month',
            `${dollars(now.dollars)} now, ${dollars(then.dollars)} then${model === null ? '' : ` (${model})`}`,
          ],
        ];
  return [
    part('savings', 'What you would save', {
      bars: [
        { name: 'exact', share: shares.exact, note: wrongly(wrong.exact) },
        { name: 'similar', share: shares.similar, note: wrongly(wrong.similar) },
        { name: 'local', share: shares.local, note: wrongly(wrong.local) },
        { name: 'LLM', share: shares.llm.share, note: `${(low * 100).toFixed(1)} to ${percent(high)}` },
      ],
      facts: [
        ['tokens saved', `${percent(saved)}; ${percent(oneByOne)} where names come one by one`],
        [
          'tokens a month',
          `${tokens(now.tokensIn + now.tokensOut)} now, ${tokens(then.tokensIn + then.tokensOut)} then`,
        ],
        ...money,
        ['tokens a row', `${now.tokensARow.toFixed(0)} now, ${then.tokensARow.toFixed(0)} then`],
        ['names a month', `${number(month.names)} (${month.from})`],
      ],
      says: [
        `By the newest ${number(savings.rows)} rows, at a memory and a model of all rows before them, with the thresholds that a new installation has.`,
      ],
    }),
  ];
}

function namesPart({ names, languages }: XrayReport): Part[] {
  const share = (part: number, of: number) => `${number(part)} (${percent(of === 0 ? 0 : part / of)})`;
  return [
    part('names', 'Names', {
      facts: [
        ['rows', number(names.rows)],
        ['different names', number(names.distinct)],
        ['rows without a name', number(names.empty)],
        ['repeats', share(names.repeats, names.rows)],
        ['  spelt otherwise', number(names.respelt)],
        ['near doubles', `${withInterval(names.near)} of the names`],
      ],
      examples: names.examples.map(
        ({ name, near, similarity }) => `${similarity.toFixed(2)}  ${name}  ~  ${near}`,
      ),
    }),
    part('languages', 'Languages and scripts', {
      bars: languages.languages
        .slice(0, 6)
        .map(({ language, share, names }) => ({ name: language, share, note: number(names) })),
      facts: [
        ...languages.scripts
          .slice(0, 4)
          .map(({ script, names, share }): [string, string] => [
            script,
            `${number(names)} (${percent(share)})`,
          ]),
        ['Latin and Cyrillic in a word', number(languages.mixedWords.names)],
      ],
      says: ['Languages are told roughly, by letters and frequent words.'],
      examples: languages.mixedWords.examples,
    }),
  ];
}

function historyPart({ history, ordered }: XrayReport): Part[] {
  if (history.length === 0) return [];
  return [
    part('history', 'Your own order of time', {
      rows: history.map(({ rows, memory, exact, exactWrong, similar, similarWrong }, i) => ({
        fifth: i + 1,
        rows,
        'names known': memory,
        exact: percent(rows === 0 ? null : exact / rows),
        '≠ label': percent(exactWrong?.share ?? null),
        'similar (of new)': similar === null ? '' : withInterval(similar),
        '≠ label ': percent(similarWrong?.share ?? null),
      })),
      says: [
        `Exact counts every row whose name an earlier one had. Similar was asked at the start of each fifth${ordered === 'time' ? '' : '; the order is that in which rows were read'}.`,
      ],
    }),
  ];
}

function localPart({ local }: XrayReport): Part[] {
  if (local === null) return [];
  return [
    part('local', 'What a local model could take today', {
      rows: local.shares.map(({ error, answered, wrong, checks }) => ({
        'error ≤': percent(error),
        answered: withInterval(answered),
        'wrong of these': answered.share === 0 ? '' : withInterval(wrong),
        checks: answered.share === 0 ? '' : (checks ?? 'none will do'),
      })),
      says: [
        `Letters learnt from ${number(local.learnt)} names and were asked about ${number(local.asked)} that exact and similar leave. The cut was tuned on one half of these and counted on the other, against your labels.`,
        'Checks: so many answers a person would look at, drawn at random, to prove the promise, were half of the allowed error found among them.',
      ],
    }),
  ];
}

function labelsPart({ labels }: XrayReport): Part[] {
  if (labels === null) return [];
  const { noise, conflicting, suspects, unlabelled } = labels;
  return [
    part('labels', 'Labels', {
      facts: [
        ['rows with a label', number(labels.labelled)],
        ['rows without one', number(unlabelled)],
        ['names with several labels', number(conflicting.names)],
        [
          'wrong labels',
          noise === null ? 'too few to tell' : `${noise.rough ? 'roughly ' : ''}${withInterval(noise)}`,
        ],
      ],
      says: suspects.length === 0 ? [] : ['Labels that letters contradict most surely:'],
      examples: suspects.map(({ name, label, letters }) => `${name}\n    ${label}\n    letters: ${letters}`),
    }),
  ];
}

function taxonomyPart({ taxonomy }: XrayReport): Part[] {
  if (taxonomy === null) return [];
  const { without, single, repeated, twins, inner } = taxonomy;
  const holes: [string, Hole | null][] = [
    ['leaves without a name', without],
    ['leaves with one name', single],
    ['names below several parents', repeated],
    ['twins of one parent', twins],
  ];
  return [
    part('taxonomy', 'Taxonomy', {
      facts: [
        [
          'categories',
          `${number(taxonomy.categories)} in ${taxonomy.depth} levels (${taxonomy.levels.map(number).join(', ')})`,
        ],
        ...holes.map(([name, hole]): [string, string] => [
          name,
          hole === null ? 'not known' : number(hole.count),
        ]),
        ['names above the leaves', `${number(inner.names)} in ${number(inner.categories)} categories`],
      ],
      examples: holes.flatMap(([name, hole]) =>
        hole === null ? [] : hole.examples.slice(0, 3).map((example) => `${name}: ${example}`),
      ),
    }),
  ];
}

function faultsPart({ faults, source }: XrayReport): Part[] {
  return [
    part('faults', `What is wrong in the ${source.kind}`, {
      facts: faults.map(({ what, times }): [string, string] => [what, number(times)]),
      says: faults.length === 0 ? ['Nothing was found.'] : [],
      examples: faults.flatMap(({ what, places }) => places.slice(0, 2).map((place) => `${what}: ${place}`)),
    }),
  ];
}

/** The picture, in the order in which it is shown. */
export function partsOf(report: XrayReport): Part[] {
  const sentences = (id: string, title: string, says: string[]) =>
    says.length === 0 ? [] : [part(id, title, { says })];
  return [
    ...savingsPart(report),
    ...localPart(report),
    ...historyPart(report),
    ...labelsPart(report),
    ...taxonomyPart(report),
    ...namesPart(report),
    ...faultsPart(report),
    ...sentences('missing', 'What is missing to say more', report.missing),
    ...sentences('assumed', 'What was assumed', report.assumed),
  ];
}
