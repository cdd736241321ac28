import type { Database } from '../database/connection/open.ts';
import { pathText } from '../llm/taxonomy.ts';
import type { Taxonomy } from '../llm/types.ts';
import { deepest } from '../model/tree.ts';
import type { Path } from '../model/types.ts';
import { normalise, pathKey } from '../normalise.ts';
import { agreesDownTo } from '../train/cleaning/clean-rules.ts';
import { type Judged, outOfFold } from '../train/cleaning/out-of-fold.ts';
import { count } from './counted.ts';
import type { History } from './history.ts';
import type { LabelsPart, XrayRow } from './types.ts';

/** Labels that are judged at most: five fits on four fifths of these. */
const mostJudged = 20_000;
/** Fewer names teach letters nothing, and folds less. */
const leastJudged = 250;
/** The surest part of the judgements: where these disagree, the labels are taken to be wrong. */
const surest = 0.2;
/** Of fewer names even the surest judgements err: on 3,000 real titles 37 % were said for 22, on 5,000 invented ones 16 for 21. */
const enough = 10_000;
const mostExamples = 10;

/** Names that rows file in more than one category. */
function conflicts(rows: readonly XrayRow[]): LabelsPart['conflicting'] {
  const byName = new Map<string, { name: string; paths: Map<string, string> }>();
  for (const { name, path } of rows) {
    const key = normalise(name);
    const met = byName.get(key) ?? { name, paths: new Map<string, string>() };
    met.paths.set(pathKey(path), path.join(' > '));
    byName.set(key, met);
  }
  const several = [...byName.values()].filter(({ paths }) => paths.size > 1);
  return {
    names: several.length,
    examples: several
      .slice(0, mostExamples)
      .map(({ name, paths }) => ({ name, paths: [...paths.values()].slice(0, 3) })),
  };
}

/** How many labels are wrong, by letters that never saw them. */
export async function labelsOf(
  db: Database,
  taxonomy: Taxonomy,
  history: History,
  rows: { labelled: readonly XrayRow[]; unlabelled: number },
  { signal, onProgress }: { signal: AbortSignal; onProgress: (share: number) => void },
): Promise<LabelsPart> {
  const facts = {
    labelled: rows.labelled.length,
    unlabelled: rows.unlabelled,
    conflicting: conflicts(rows.labelled),
  };
  // memory is read by digest, so the first are chosen by chance
  const keys = [...history.memory.keys()].slice(0, mostJudged);
  const paths = keys.map((key) => history.memory.get(key) as Path);
  if (keys.length < leastJudged || new Set(paths.map(String)).size < 2)
    return { ...facts, noise: null, suspects: [] };
  const judged = await outOfFold({ keys, paths }, { signal, onProgress });
  const order = [...keys.keys()]
    .filter((i) => judged[i] !== null)
    .sort((a, b) => (judged[b] as Judged).confidence[2] - (judged[a] as Judged).confidence[2]);
  const disagree = (i: number) => !agreesDownTo((judged[i] as Judged).path, paths[i] as Path, 2);
  const sure = order.slice(0, Math.max(1, Math.floor(order.length * surest)));
  const noise = await count(db, sure.filter(disagree).length, sure.length);
  return {
    ...facts,
    noise: { ...noise, judged: keys.length, rough: keys.length < enough },
    suspects: order
      .filter(disagree)
      .slice(0, mostExamples)
      .map((i) => {
        const { path, confidence } = judged[i] as Judged;
        return {
          name: keys[i] as string,
          label: pathText(taxonomy, deepest(paths[i] as Path)),
          letters: pathText(taxonomy, deepest(path)),
          confidence: confidence[2],
        };
      }),
  };
}
