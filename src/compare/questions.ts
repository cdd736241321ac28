import { createHash } from 'node:crypto';
import type { Config } from '../config.ts';
import type { Database } from '../database/connection/open.ts';
import { sendable } from '../database/ledger.ts';
import { loadCategories, loadPaths } from '../database/taxonomy.ts';
import { checkedTruths } from '../database/teacher.ts';
import { TaxonError } from '../errors.ts';
import { buildPrompt } from '../llm/prompt.ts';
import type { Prompt, Taxonomy } from '../llm/types.ts';
import { holdChampion } from '../sidecar/local/champion.ts';
import { shortlistOf } from '../sidecar/local/decide.ts';
import { embeddingsBy, predict } from '../sidecar/local/predict.ts';

/** Candidates of a name in a comparison: all models are offered the same, whatever a batch would pay for. */
const longestList = 12;

/** l1, l2 and l3 of a category; null below its end. */
export type Levels = readonly [number, number | null, number | null];

export interface Question {
  nameKey: string;
  truth: Levels;
  truthId: number;
  /** Empty where there is no local model. */
  shortlist: readonly number[];
}

/** Names that are asked about in one call. */
export interface Batch {
  questions: readonly Question[];
  prompt: Prompt;
}

/** What all models are asked, the same for each. */
export interface Questions {
  questions: readonly Question[];
  taxonomy: Taxonomy;
  levelsOf: ReadonlyMap<number, Levels>;
  /** The local model that made the shortlists; null: the whole tree is offered. */
  modelId: number | null;
}

/** Candidates of the champion for each name, as the route has them; empty ones without a champion. */
async function shortlists(db: Database, config: Config, names: readonly string[]) {
  const holder = holdChampion(db, config);
  try {
    await holder.refresh();
    const model = await holder.current();
    if (model === null) return { modelId: null, lists: names.map((): number[] => []) };
    const said = await predict(db, model, names, embeddingsBy(db, model, { save: false }));
    return {
      modelId: model.modelId,
      lists: said.map((answer) => shortlistOf(answer).shortlist.slice(0, longestList)),
    };
  } finally {
    await holder.close();
  }
}

/**
 * Up to `most` checked names with what the local model would offer for each.
 *
 * @throws TaxonError where nobody has checked a name
 */
export async function loadQuestions(db: Database, config: Config, most: number): Promise<Questions> {
  const truths = await checkedTruths(db, most);
  if (truths.length === 0)
    throw new TaxonError('no name has been checked by a person, so there is nothing to compare with', {
      hint: 'taxon review draws some; names that are known: taxon import FILE --as labels --source human',
    });
  const levelsOf = new Map(
    (await loadPaths(db)).map(({ category_id, l1, l2, l3 }) => [category_id, [l1, l2, l3] as const]),
  );
  const taxonomy = { nodes: new Map((await loadCategories(db)).map((node) => [node.id, node])) };
  const may = await sendable(
    db,
    truths.map(({ name_key }) => name_key),
  );
  const known = truths.filter(({ name_key }) => may.has(name_key));
  const names = known.map(({ name_key }) => name_key);
  const { modelId, lists } = await shortlists(db, config, names);
  const questions = known.flatMap(({ name_key, category_id }, i): Question[] => {
    const truth = levelsOf.get(category_id);
    return truth === undefined
      ? []
      : [{ nameKey: name_key, truth, truthId: category_id, shortlist: lists[i] ?? [] }];
  });
  return { questions, taxonomy, levelsOf, modelId };
}

/**
 * The calls for all names: names of one likely l1 together, as in the route.
 *
 * @param turn another number mixes other names into a batch, so that a second turn shows what an answer owes to its company
 */
export function batchesOf({ questions, taxonomy, levelsOf }: Questions, size: number, turn: number): Batch[] {
  const place = (nameKey: string) => createHash('sha256').update(`${turn}\n${nameKey}`).digest('hex');
  const branch = ({ shortlist: [first] }: Question) =>
    (first === undefined ? undefined : levelsOf.get(first)?.[0]) ?? 0;
  const sorted = questions
    .map((question) => ({ question, branch: branch(question), place: place(question.nameKey) }))
    .sort((a, b) => a.branch - b.branch || (a.place < b.place ? -1 : 1));
  const batches: Batch[] = [];
  for (let from = 0; from < sorted.length; ) {
    const first = sorted[from]?.branch;
    const whole = sorted.slice(from, from + size);
    const end = whole.findIndex((one) => one.branch !== first);
    const part = (end < 0 ? whole : whole.slice(0, end)).map(({ question }) => question);
    const items = part.map(({ nameKey, shortlist }) => ({ name: nameKey, shortlist }));
    batches.push({ questions: part, prompt: buildPrompt(items, taxonomy) });
    from += part.length;
  }
  return batches;
}
