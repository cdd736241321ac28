import type { Database } from '../database/connection/open.ts';
import { inScratch } from '../database/connection/scratch.ts';
import { fillScratch } from '../database/replay.ts';
import { defaultThresholds } from '../database/reports.ts';
import { loadClassifier } from '../model/bundle.ts';
import type { Answer, Path } from '../model/types.ts';
import type { Routed } from '../replay/figures.ts';
import type { LlmName } from '../replay/llm.ts';
import { askSimilar, routeNames } from '../replay/route-names.ts';
import { lettersFiles } from '../train/join/letters-model.ts';
import { fitLettersOf } from '../train/join/voices.ts';
import { count } from './counted.ts';
import { type Fifth, type History, walkExact } from './history.ts';
import type { HistoryPart } from './types.ts';

/** New names of a fifth that similar is asked about, and of the last one, which all layers are asked about. */
const askedAFifth = 300;
const routedLast = 3000;
/** Letters learn from no fewer names; `taxon train` refuses them too. */
const leastLearnt = 50;

/** The newest fifth at a memory and a letters model of all before it. */
export interface LastFifth extends Fifth {
  /** Names that memory did not know, as many as were routed, with what became of each. */
  keys: string[];
  routed: Routed[];
  /** What letters say of those that similar left, by their places. */
  said: ReadonlyMap<number, Answer>;
  /** Those that are left for the LLM, as it would be asked. */
  asked: LlmName[];
  learnt: number;
}

interface Options {
  db: Database;
  signal: AbortSignal;
  /** Share that is done. */
  onProgress: (share: number) => void;
}

/** As many of the names, evenly over their order. */
function sample(keys: readonly string[], most: number): string[] {
  if (keys.length <= most) return [...keys];
  return Array.from({ length: most }, (_, i) => keys[Math.floor((i * keys.length) / most)] as string);
}

const pathIs = (a: Path | null, b: Path) => a !== null && a.join() === b.join();

/** What letters that learnt from some names alone say of others. */
async function askLetters(
  { memory }: History,
  learnt: readonly string[],
  asked: readonly string[],
  { signal, onProgress }: Pick<Options, 'signal' | 'onProgress'>,
): Promise<Answer[]> {
  const set = { keys: learnt, paths: learnt.map((key) => memory.get(key) as Path) };
  const rows = Int32Array.from(learnt.keys());
  const fitted = await fitLettersOf(set, rows, { seed: 1, signal, onProgress });
  const classifier = await loadClassifier(lettersFiles(fitted, {}));
  try {
    // where they are the only voice they answer every name
    return (await classifier.readManyLetters(asked)) as Answer[];
  } finally {
    await classifier.close();
  }
}

/**
 * Walks the history in its order: exact counts every row, similar is asked about a part of the new names of each fifth, and
 * the newest fifth goes through all layers. The layers are the real ones, memory stands in a scratch schema.
 *
 * @returns last: null where what came before is too little to learn from
 */
export async function walk(
  history: History,
  options: Options,
): Promise<{ parts: HistoryPart[]; last: LastFifth | null }> {
  const { db, signal, onProgress } = options;
  const fifths = walkExact(history);
  const labelOf = (key: string) => history.memory.get(key) as Path;
  const parts: HistoryPart[] = [];
  let last: LastFifth | null = null;
  await inScratch(db, db.url, signal, async (scratch) => {
    for (const [f, fifth] of fifths.entries()) {
      signal.throwIfAborted();
      const newest = f === fifths.length - 1;
      const keys = sample([...fifth.fresh.keys()], newest ? routedLast : askedAFifth);
      if (fifth.known.size > 0) await fillScratch(db, scratch, { names: [...fifth.known] });
      const learnt = [...fifth.known];
      const several = new Set(learnt.map((key) => labelOf(key).join())).size > 1;
      let similar: (Path | null)[] = [];
      if (newest && several && learnt.length >= leastLearnt) {
        const [l1, l2, l3] = defaultThresholds;
        const said = new Map<number, Answer>();
        const { routed, asked } = await routeNames(
          { db, scratch, thresholds: { l1, l2, l3 }, signal },
          keys.map((key) => ({ key, label: labelOf(key) })),
          async (misses) => {
            const left = misses.map((i) => keys[i] as string);
            const answers = await askLetters(history, learnt, left, {
              signal,
              onProgress: (share) => onProgress((f + 0.3 + share * 0.6) / fifths.length),
            });
            for (const [i, at] of misses.entries()) said.set(at, answers[i] as Answer);
            return answers;
          },
        );
        last = { ...fifth, keys, routed, said, asked, learnt: learnt.length };
        similar = routed.map(({ layer, answer }) => (layer === 'similar' ? answer : null));
      } else if (fifth.known.size > 0) similar = await askSimilar({ scratch, signal }, keys);
      const answered = similar.flatMap((path, i) => (path === null ? [] : [i]));
      const wrong = answered.filter((i) => !pathIs(similar[i] ?? null, labelOf(keys[i] as string)));
      parts.push({
        rows: fifth.rows,
        memory: fifth.known.size,
        exact: fifth.exact,
        exactWrong: fifth.exact === 0 ? null : await count(db, fifth.exactWrong, fifth.exact),
        similar: similar.length === 0 ? null : await count(db, answered.length, similar.length),
        similarWrong: answered.length === 0 ? null : await count(db, wrong.length, answered.length),
      });
      onProgress((f + 1) / fifths.length);
    }
  });
  return { parts, last };
}
