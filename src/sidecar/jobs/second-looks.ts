import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../database/connection/open.ts';
import { rowsToLookAt, type SecondLook, saveSecondLooks, tryWaiting } from '../../database/stale.ts';
import { deepest } from '../../model/tree.ts';
import type { ChampionHolder } from '../local/champion.ts';
import { embeddingsBy, predict } from '../local/predict.ts';

/** Rows between two looks whether names wait. */
const page = 128;

/** Milliseconds until it is looked again whether the local layer has done what waits for it. */
const pause = 200;

/** A run of the job ends after this long; the next begins with the next minute. */
const longest = 50_000;

/**
 * After a promotion: names that still wait for the LLM are tried again locally, then the champion is asked about answers that
 * older models gave, the newest first, and what it says is kept for stale_answers(). No answer is changed.
 *
 * @returns how many answers were looked at
 */
export async function lookAgainAtAnswers(
  db: Database,
  champion: ChampionHolder,
  signal: AbortSignal,
): Promise<number> {
  const until = Date.now() + longest;
  while (!signal.aborted && Date.now() < until) {
    const tried = await tryWaiting(db);
    if (tried === 0) break;
    if (tried === null) await sleep(pause);
  }
  const model = await champion.current();
  if (model === null) return 0;
  let looked = 0;
  while (!signal.aborted && Date.now() < until) {
    const rows = await rowsToLookAt(db, page);
    if (rows.length === 0 || champion.id() !== model.modelId) break;
    const keys = [...new Set(rows.map(({ name_key }) => name_key))];
    const answers = await predict(db, model, keys, embeddingsBy(db, model, { save: false }));
    const said = new Map(keys.map((key, i) => [key, answers[i]]));
    const looks = rows.flatMap(({ product_id, name_key }): SecondLook[] => {
      const answer = said.get(name_key);
      return answer === undefined
        ? []
        : [{ product_id, category_id: deepest(answer.path), confidence: answer.confidence }];
    });
    await saveSecondLooks(db, model.modelId, looks);
    looked += looks.length;
  }
  return looked;
}
