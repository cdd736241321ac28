import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { buildPrompt, promptVersion } from '../../src/llm/prompt.ts';
import { item, shop } from './shop.ts';

/** What each version of the prompt says, as the first 16 digits of its sha256. A version that was in use never changes. */
const versions: Record<string, string> = {
  '1': 'f61a940f97595f70',
};

/** Each route's prompt for the same names and categories, with the schema that goes with it. */
function everyPrompt(): string {
  const items = [item('kettle <1.7 l>', 6, 9), item('iPhone 15', 3, 4)];
  const offered = new Set([6, 9]);
  const choices = [
    { route: 'shortlist', offered, none: true },
    { route: 'two-stage', offered, none: false },
    { route: 'subtree', offered, none: true },
    { route: 'tree', offered: new Set(shop.nodes.keys()), none: false },
  ] as const;
  return JSON.stringify(
    choices.map((choice) => {
      const { route, system, user, jsonSchema } = buildPrompt(items, shop, choice);
      return { route, system, user, jsonSchema };
    }),
  );
}

test('another wording is another version: a new one gets its line above, with this digest', () => {
  const digest = createHash('sha256').update(everyPrompt()).digest('hex').slice(0, 16);
  expect({ [promptVersion]: digest }).toEqual({ [promptVersion]: versions[promptVersion] });
  expect(new Set(Object.values(versions)).size).toBe(Object.keys(versions).length);
});
