import { number, percent } from '../report/words.ts';
import { passedOnAtOnce } from './savings.ts';
import type { Counted, Input, XrayOptions, XrayReport } from './types.ts';

/** A share with its interval: `12.3 % (11.0 to 13.7 %)`. */
export function withInterval({ share, low, high }: Counted): string {
  return `${percent(share)} (${(low * 100).toFixed(1)} to ${percent(high)})`;
}

/** US dollars for people. */
export function dollars(value: number | null): string {
  if (value === null) return 'no price known';
  return `$ ${value >= 100 ? number(Math.round(value)) : value.toFixed(value < 1 ? 3 : 2)}`;
}

/** Tokens for people: `1.3 M`. */
export function tokens(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(value < 1e7 ? 2 : 1)} M`;
  return value >= 1e4 ? `${Math.round(value / 1e3)} k` : number(Math.round(value));
}

type Found = Omit<XrayReport, 'assumed' | 'missing' | 'seconds'>;

/** What the figures rest on, a sentence each. */
export function assumptions(
  { ordered, savings, labels, local, history }: Found,
  { sample, labelled, options }: { sample: number; labelled: number; options: XrayOptions },
): string[] {
  const said: string[] = [];
  if (labelled > sample)
    said.push(
      `The layers were tried on the newest ${number(sample)} of ${number(labelled)} labelled rows (--sample); names, languages and categories were counted on all.`,
    );
  if (history.length > 0)
    said.push(
      ordered === 'time'
        ? "The order is that of the rows' own times."
        : 'The order is that in which the rows were read, as they tell no time (--at COLUMN).',
    );
  if (labels?.noise)
    said.push(
      `Wrong labels: letters judged ${number(labels.noise.judged)} labels that they had not seen; where the surest fifth of these judgements disagrees, the label is taken to be wrong.`,
    );
  if (local !== null)
    said.push(
      'Errors are counted against your labels, wrong ones included: the true error is likely lower. Only letters were tried; the full model, which also reads meaning, usually answers a little more.',
    );
  if (savings === null) return said;
  const { month, model, price, atOnce } = savings;
  said.push(
    'Today: the LLM is asked about every row, with the whole tree of categories, ' +
      `${options.namesPerCall ?? 15} names in a call (--names-per-call). Then: it is asked about the rows that are left, with a shortlist. Today's tree mostly comes from the provider's cache, at its price, where the model has one; a shortlist does not.`,
    `${number(atOnce)} names arrive together (--names-at-once), and what the local layer leaves of ${Math.min(atOnce, passedOnAtOnce)} fills a call.`,
    month.from === 'given'
      ? `${number(month.names)} names come in a month, as you said.`
      : month.from === 'own times'
        ? `${number(month.names)} names come in a month, as in your newest three (--names-per-month).`
        : `${number(month.names)} names come in a month: nothing tells, so say it (--names-per-month).`,
    price === null
      ? 'No price is known: give one (--llm-model, or --price-in and --price-out).'
      : `A million tokens cost $ ${price.in} in and $ ${price.out} out${model === null || options.prices !== undefined ? ', as you said' : `: the list price of ${model} (--llm-model)`}.`,
    'What comes next is like the newest fifth of your rows. The intervals tell of chance in the sample, not of a change of what you sell.',
  );
  return said;
}

/** What would let it say more, a sentence each. */
export function gaps(report: Found, { source, categories }: Pick<Input, 'source' | 'categories'>): string[] {
  const said: string[] = [];
  if (report.labels === null)
    said.push(
      'No row has a category, so nothing can be said of layers, errors and money. ' +
        (source.kind === 'table'
          ? 'Name the column of the category and the table of categories: --labels COLUMN --categories TABLE'
          : 'Add a column path ("a > b > c") or l1, l2, l3; a thousand labels are enough for a first picture.'),
    );
  else if (report.savings === null)
    said.push(
      'There are too few labelled rows to try the layers on the newest fifth: about 300 names of at least two categories are needed.',
    );
  if (report.labels !== null && report.labels.noise === null)
    said.push('There are too few labels to tell how many are wrong: 250 names are needed.');
  else if (report.labels?.noise?.rough)
    said.push(
      'With 10,000 labelled names the share of wrong labels becomes an estimate; now it may be several points off.',
    );
  if (categories === null && report.taxonomy !== null)
    said.push(
      'Only categories that a row has are known: those without any name cannot be seen here (a TABLE shows them).',
    );
  return said;
}
