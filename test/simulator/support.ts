import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { onTestFinished } from 'vitest';
import { buildPrompt } from '../../src/llm/prompt.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.ts';
import { item, shop } from '../llm/shop.ts';

const truth = new Map([
  ['чайник електричний', ['Electronics', 'Kitchen electrics', 'Kettles']],
  ['чохол для iphone', ['Electronics', 'Phones', 'Phone cases']],
  ['voucher', ['Gift cards']],
]);

/** Three names whose right answers are 6, 4 and 10. */
export const prompt = buildPrompt(
  [item('Чайник  Електричний', 6, 9), item('чохол для iPhone', 3, 4), item('Voucher', 10)],
  shop,
);
export const right = [6, 4, 10];

/** A simulator for one test, without errors unless asked for, and both SDKs on it, which never try again. */
export async function clients(options: Partial<SimulatorOptions> = {}): Promise<{
  simulator: Simulator;
  openai: OpenAI;
  anthropic: Anthropic;
}> {
  const simulator = await startSimulator({
    truth,
    errorRates: [0, 0, 0],
    strongErrorRates: [0, 0, 0],
    ...options,
  });
  onTestFinished(() => simulator.close());
  const settings = { apiKey: 'none', maxRetries: 0, timeout: 5000 };
  return {
    simulator,
    openai: new OpenAI({ ...settings, baseURL: simulator.url }),
    anthropic: new Anthropic({ ...settings, baseURL: simulator.anthropicUrl }),
  };
}

export const chat = {
  model: 'simulated-llm',
  messages: [
    { role: 'system' as const, content: prompt.system },
    { role: 'user' as const, content: prompt.user },
  ],
};

export const message = {
  model: 'simulated-llm',
  max_tokens: 500,
  system: prompt.system,
  messages: [{ role: 'user' as const, content: prompt.user }],
};

/** A schema of answers, with these ids as an enum where there are any. */
export function schemaOf(ids?: readonly number[]) {
  const properties = {
    item: { type: 'integer' },
    id: { type: 'integer', ...(ids && { enum: ids }) },
    confidence: { type: 'number' },
  };
  const items = {
    type: 'object',
    additionalProperties: false,
    required: ['item', 'id', 'confidence'],
    properties,
  };
  return {
    type: 'object' as const,
    additionalProperties: false,
    required: ['answers'],
    properties: { answers: { type: 'array', items } },
  };
}

/** Ids by item, from the JSON of an answer. */
export function idsOf(json: unknown): number[] {
  const { answers } = json as { answers: { item: number; id: number }[] };
  return answers.toSorted((a, b) => a.item - b.item).map((answer) => answer.id);
}
