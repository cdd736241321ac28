import type { Level, ModelReport } from '../model/report.ts';
import { levels } from '../model/report.ts';
import { type Gate, gateSection } from './gate.ts';
import type { Cell, Section } from './section.ts';
import { blackHole, headline, number, percent, points, size } from './words.ts';

/** Products of the last day by the layer that answered them; as the database reports it. */
interface RoutedShare {
  layer: string;
  products: number;
  share: number | null;
  tokens: number;
  /** Null where the price of a call is not known. */
  cost: number | null;
}

/** All that a report shows. */
export interface Shown {
  /** Null for a report that is of no stored model. */
  model: { model_id: number; state: string; created_at: string } | null;
  report: ModelReport;
  /** Null where there is nothing to route. */
  routing: readonly RoutedShare[] | null;
  /** What the gate said of the model; left out where it was not asked. */
  gate?: Gate | null;
}

function routing(rows: readonly RoutedShare[]): Section {
  const some = rows.some(({ products }) => products > 0);
  return {
    id: 'routing',
    title: 'Routing of the last day',
    says: some ? [] : ['No product arrived.'],
    rows: some
      ? rows.map(({ layer, products, share, tokens, cost }) => ({
          layer,
          products,
          share: percent(share === null ? null : Number(share)),
          tokens,
          'cost $': cost === null ? 'price not known' : Number(cost),
        }))
      : [],
  };
}

function scores({ levels: scored, calibration }: ModelReport): Section {
  return {
    id: 'levels',
    title: 'Level by level',
    says: ['Top 3 and top 5: the right class is among the three or five likeliest.'],
    rows: levels.map((level) => ({
      level,
      names: scored[level].n,
      majority: percent(scored[level].majority),
      'top 1': percent(scored[level].top1),
      'top 3': percent(scored[level].top3),
      'top 5': percent(scored[level].top5),
      'calibration error': calibration[level].ece.toFixed(3),
    })),
  };
}

function verdict({ verdictRule, verdicts }: ModelReport): Section {
  const is = {
    head: 'the head',
    encoder: 'the encoder',
    both: 'both alike',
    neither: 'neither',
    unknown: 'not known',
  };
  return {
    id: 'verdict',
    title: 'Encoder or head: what holds the model back',
    says: [verdictRule, ...levels.map((level) => verdicts[level].reason)],
    rows: levels.map((level) => ({
      level,
      bottleneck: is[verdicts[level].bottleneck],
      'top 3 less top 1, points': points(verdicts[level].gap),
      'wrong answers within reach': percent(verdicts[level].withinReach),
    })),
  };
}

function methods({ methods: scored }: ModelReport): Section {
  return {
    id: 'methods',
    title: 'Methods side by side',
    says: [
      'Coverage: the share that can be answered, the surest first, with so much error (cut on these names).',
    ],
    rows: scored.map((row) => ({
      method: row.method,
      l1: percent(row.l1),
      l2: percent(row.l2),
      l3: percent(row.l3),
      'all three': percent(row.path),
      'coverage at 5 %': percent(row.coverage5),
      'at 10 %': percent(row.coverage10),
    })),
  };
}

function gains({ gains: rows }: ModelReport): Section {
  return {
    id: 'gains',
    title: 'What each voice adds',
    says: [
      'Points of the joined model less the same without the voice. Won and lost: names whose whole path is right only with it, only without it; where they are alike, the difference may be chance.',
    ],
    rows: rows.map((row) => ({
      voice: row.voice,
      l1: points(row.l1),
      l2: points(row.l2),
      l3: points(row.l3),
      'all three': points(row.path),
      'coverage at 5 %': points(row.coverage5),
      'at 10 %': points(row.coverage10),
      won: row.won,
      lost: row.lost,
    })),
  };
}

function learning({ learningCurve }: ModelReport): Section {
  return {
    id: 'learning',
    title: 'Learning curve',
    says: [
      'The letters voice alone, trained on parts of the names and asked the same held-out ones. Where a curve still rises at its end, more labels will help. Passed on to the LLM: what is left when the surest are answered as well as the model answers now; taxon model learning-curve draws that line on.',
    ],
    rows: learningCurve.map((row) => ({
      'trained on': row.names,
      l1: percent(row.l1),
      l2: percent(row.l2),
      l3: percent(row.l3),
      'all three': percent(row.path),
      'passed on': percent(row.passedOn),
    })),
  };
}

function cleaning(of: NonNullable<ModelReport['cleaning']>): Section {
  return {
    id: 'cleaning',
    title: 'Wrong answers from memory',
    says: [
      'Layers 1 and 2 answer with the labels in memory. How many of them are wrong, at a level or above it, before and after cleaning is estimated from how often models that never saw a label disagree with it, by how sure they are: mistakes that are alike on whole groups of names are not seen, and with few labels to learn from the estimate is too high.',
    ],
    rows: levels.map((level) => ({
      level,
      'labels changed': percent(of[level].changed),
      'wrong before, estimated': percent(of[level].wrongBefore),
      'wrong after, estimated': percent(of[level].wrongAfter),
    })),
  };
}

function confusion(report: ModelReport): Section {
  return {
    id: 'confusion',
    title: 'Where wrong answers go',
    says: levels.map((level) => blackHole(report, level)),
    rows: levels.flatMap((level) =>
      report.confusion[level].pairs.map(({ truth, answer, n }) => ({
        level,
        'should be': truth,
        answer,
        names: n,
      })),
    ),
  };
}

function classes(report: ModelReport): Section {
  const shown = (level: Level) => report.classes.filter((row) => row.level === level).length;
  const cut = levels.filter((level) => shown(level) < report.classCounts[level]);
  return {
    id: 'classes',
    title: 'Class by class',
    says: cut.map(
      (level) =>
        `${level}: the ${shown(level)} classes with most names, of ${number(report.classCounts[level])}.`,
    ),
    rows: report.classes.map((row) => ({
      level: row.level,
      class: row.name,
      names: row.support,
      answered: row.answered,
      precision: percent(row.precision),
      recall: percent(row.recall),
    })),
  };
}

function mistakes(report: ModelReport): Section {
  const says = {
    labels: 'Sure answers that are not the label. Look at them: often the label is wrong, not the model.',
    truth: 'Sure answers that are not the given path.',
  };
  return {
    id: 'mistakes',
    title: 'Confident mistakes',
    says: [says[report.against]],
    rows: report.mistakes.map(({ name, truth, answer, confidence }) => ({
      confidence: confidence.toFixed(3),
      name,
      [report.against === 'labels' ? 'label' : 'should be']: truth,
      answer,
    })),
  };
}

function facts({ facts: known, madeAt }: ModelReport): Section {
  const rows: Record<string, Cell>[] = [{ fact: 'report of', value: madeAt.slice(0, 16).replace('T', ' ') }];
  const add = (fact: string, value: Cell | null) => value !== null && rows.push({ fact, value });
  if (known !== null) {
    const { peakMemoryBytes, artefactBytes, loadSeconds } = known;
    add('encoder', known.encoder);
    add('seed', known.seed);
    add('version', known.version);
    for (const [of, n] of Object.entries(known.rows)) add(`rows: ${of}`, number(n));
    for (const { step, seconds } of known.steps) add(`seconds: ${step}`, seconds.toFixed(1));
    const sum = known.steps.reduce((seconds, step) => seconds + step.seconds, 0);
    if (known.steps.length > 1) add('seconds: all steps', sum.toFixed(1));
    add('peak memory', peakMemoryBytes === null ? null : size(peakMemoryBytes));
    add('artefact', artefactBytes === null ? null : size(artefactBytes));
    add('load time', loadSeconds === null ? null : `${loadSeconds.toFixed(2)} s`);
    for (const [fact, value] of Object.entries(known.more)) add(fact, value);
  }
  return { id: 'facts', title: 'How it was trained', says: [], rows };
}

/** The report's parts, in order; what there is nothing to say about is left out. */
export function sectionsOf({ report, routing: layers, gate }: Shown): Section[] {
  const first = { id: 'headline', title: 'In short', says: headline(report), rows: [] };
  return [
    first,
    ...(layers === null ? [] : [routing(layers)]),
    verdict(report),
    ...(gate == null ? [] : [gateSection(gate)]),
    methods(report),
    ...(report.gains.length === 0 ? [] : [gains(report)]),
    scores(report),
    ...(report.learningCurve.length === 0 ? [] : [learning(report)]),
    ...(report.cleaning === null ? [] : [cleaning(report.cleaning)]),
    confusion(report),
    classes(report),
    ...(report.mistakes.length === 0 ? [] : [mistakes(report)]),
    facts(report),
  ];
}
