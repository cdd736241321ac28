import type { Asked } from './ask.ts';

/** What one run found. */
export interface Figures {
  set: string;
  names: number;
  categories: number;
  batch: number;
  errorRates: readonly [number, number, number];
  layers: { layer: string; names: number; right: number }[];
  /** Names that "LLM for each row" answers rightly. */
  everyRow: number;
  /** Tokens a product after each step; the seed's figure beside it. */
  steps: { step: string; tokens: number; seed: number | null }[];
  asked: Asked;
  /** LLM names whose truth is among so many of their candidates. */
  sizes: { size: number; reached: number }[];
  /** Names that went to the LLM. */
  open: number;
}

const percent = (part: number, whole: number) =>
  whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`;
const table = (head: readonly string[], rows: readonly (readonly unknown[])[]) =>
  [
    `| ${head.join(' | ')} |`,
    `|---|${'--:|'.repeat(head.length - 1)}`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');

/** The section of docs/measured/llm.md. */
export function reportOf(figures: Figures): string {
  const { names, layers, asked, open } = figures;
  const right = layers.reduce((sum, layer) => sum + layer.right, 0);
  const steps = figures.steps.map(({ step, tokens, seed }) => [
    step,
    Math.round(tokens).toLocaleString('en'),
    seed === null ? '' : seed.toLocaleString('en'),
  ]);
  return `${names.toLocaleString('en')} names, ${figures.categories} categories, batches of at most ${figures.batch}; the LLM is simulated, wrong in ${figures.errorRates.map((rate) => Math.round(100 * rate)).join(' / ')} % (l1, by l2, by l3).

${table(
  ['layer', 'of the names', 'right'],
  layers.map((layer) => [layer.layer, percent(layer.names, names), percent(layer.right, layer.names)]),
)}

Right over all: ${percent(right, names)}; "LLM for each row": ${percent(figures.everyRow, names)}.

${table(['step', 'tokens a product', "the seed's"], steps)}

${table(
  ['route', 'calls', 'names', 'tokens a name', 'shown their category', 'answered', 'right'],
  asked.uses.map((use) => [
    use.route,
    use.calls,
    use.names,
    Math.round(use.tokens / use.names),
    percent(use.reached, use.names),
    use.answered,
    percent(use.right, use.answered),
  ]),
)}

Of ${open.toLocaleString('en')} names that went to the LLM ${percent(asked.reached, open)} were shown their category at some step; ${percent(asked.unshown, open)} got a wrong answer because they never were.
Among the best ${figures.sizes.map(({ size }) => size).join(' / ')} candidates it is for ${figures.sizes.map(({ reached }) => percent(reached, open)).join(' / ')}.`;
}
