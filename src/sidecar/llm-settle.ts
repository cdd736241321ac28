import { type LlmItem, settleLlm } from '../database/ledger.ts';
import { parseAnswers } from '../llm/parse.ts';
import type { Prompt, Reply } from '../llm/types.ts';
import type { LlmStage } from './llm-stage.ts';

/** What a provider answered goes into the database: labels, rows, queue and ledger. */
export async function settle(
  stage: LlmStage,
  callId: number,
  items: readonly LlmItem[],
  prompt: Prompt,
  reply: Reply,
): Promise<void> {
  const parsed = parseAnswers(reply.text, prompt);
  const answers: { name_key: string; category_id: number; confidence: number | null }[] = [];
  const refused: { name_key: string; error: string; none: boolean }[] = [];
  const reasons = new Map(parsed.refused.map((r) => [r.item, r.reason]));
  items.forEach((item, i) => {
    const answer = parsed.answers.get(i + 1);
    const name_key = item.name_key;
    if (answer === undefined)
      refused.push({ name_key, error: reasons.get(i + 1) ?? 'the answer left it out', none: false });
    else if (answer.categoryId === 0)
      refused.push({ name_key, error: 'none of the candidates fits', none: true });
    else answers.push({ name_key, category_id: answer.categoryId, confidence: answer.confidence });
  });
  await settleLlm(stage.db, stage.worker, callId, {
    answers,
    refused,
    ...reply.usage,
    modelVersion: reply.modelVersion,
    requestId: reply.requestId ?? null,
  });
  stage.failures = 0;
  stage.notice = null;
}
