import { type LlmItem, type Refused, type SettledCall, settleLlm } from '../../database/ledger.ts';
import { giveBack } from '../../database/queue.ts';
import { messageOf } from '../../errors.ts';
import { parseAnswers } from '../../llm/parse.ts';
import { nextStep, start } from '../../llm/step.ts';
import type { Prompt, Reply, Taxonomy } from '../../llm/types.ts';
import { log } from '../../log.ts';
import { isInfrastructure } from '../errors.ts';
import { insist } from '../insist.ts';
import { escalates } from './escalate.ts';
import type { LlmStage } from './stage.ts';

/** A call that stands in the ledger: what was asked, and what is needed to judge the answer. */
export interface BegunCall {
  callId: number;
  prompt: Pick<Prompt, 'route' | 'items' | 'offered'>;
  taxonomy: Taxonomy;
}

/**
 * Tells the database what a call brought, as long as it takes: it was paid for. What the database refuses for good is booked
 * with what was really used, and counts against the names.
 */
async function tell(stage: LlmStage, callId: number, items: readonly LlmItem[], call: SettledCall) {
  const { db, worker, abandon } = stage;
  try {
    await insist('an answer', () => settleLlm(db, worker, callId, call), abandon);
  } catch (error) {
    if (isInfrastructure(error)) throw error;
    log.warn('the database refuses an answer', { call: callId, error: messageOf(error) });
    const refused = items.map(({ name_key }) => ({ name_key, error: messageOf(error) }));
    await insist(
      'an answer',
      () => settleLlm(db, worker, callId, { ...call, answers: [], refused }),
      abandon,
    );
    throw error;
  }
}

/**
 * What a provider answered goes into the database: labels, rows, queue and ledger.
 *
 * @returns the names that go on to another step
 */
export async function settle(
  stage: LlmStage,
  { callId, prompt, taxonomy }: BegunCall,
  items: readonly LlmItem[],
  reply: Reply,
): Promise<LlmItem[]> {
  const parsed = parseAnswers(reply.text, prompt);
  const answers: { name_key: string; category_id: number; confidence: number | null }[] = [];
  const refused: Refused[] = [];
  const moved: LlmItem[] = [];
  const cutOff: string[] = [];
  const unsure = await insist('an answer', () => escalates(stage, reply.modelVersion), stage.abandon);
  const another = stage.providers.length > 1;
  const reasons = new Map(parsed.refused.map((r) => [r.item, r.reason]));
  items.forEach((item, i) => {
    const answer = parsed.answers.get(i + 1);
    const { name_key } = item;
    if (answer === undefined && reply.cut === true && !reasons.has(i + 1)) cutOff.push(name_key);
    else if (answer === undefined) {
      refused.push({ name_key, error: reasons.get(i + 1) ?? 'the answer left it out' });
    }
    if (answer === undefined) return;
    const none = answer.categoryId === 0;
    const step = nextStep(answer.categoryId, prompt.route, item, taxonomy);
    const first = item.purpose === 'answer';
    if (step === null && !(first && unsure(answer.confidence))) {
      answers.push({ name_key, category_id: answer.categoryId, confidence: answer.confidence });
      return;
    }
    // what the first choice finds no category for, or is not sure of, is the next one's; of two stages it has done one
    const purpose = first && another && (none || step === null) ? 'escalate' : item.purpose;
    // who is asked next is not bound by what the first choice refused
    const to = { ...(step === null || purpose !== item.purpose ? start : step), purpose };
    refused.push({ name_key, moved: true, none, ...to });
    moved.push({ ...item, ...to, shortlist: null, probabilities: null, asked: item.asked + 1 });
  });
  await tell(stage, callId, items, {
    answers,
    refused,
    ...reply.usage,
    modelVersion: reply.modelVersion,
    requestId: reply.requestId ?? null,
  });
  // the limit has cut them off, not the model left out: no failure of theirs
  if (cutOff.length > 0) await giveBack(stage.db, stage.worker, 'llm', cutOff, { counts: false });
  return moved;
}
