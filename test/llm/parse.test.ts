import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answersSomething, parseAnswers } from '../../src/llm/parse.ts';
import { buildPrompt } from '../../src/llm/prompt.ts';
import { hostileAnswers } from './hostile-answers.ts';
import { item, shop } from './shop.ts';

/** Three items; 3, 4, 6 and 0 are offered. */
const prompt = buildPrompt([item('a', 3), item('b', 4), item('c', 6)], shop);

const good = '{"answers":[{"item":1,"id":3,"confidence":0.9},{"item":2,"id":0,"confidence":0.4}]}';
const parsed = new Map([
  [1, { categoryId: 3, confidence: 0.9 }],
  [2, { categoryId: 0, confidence: 0.4 }],
]);

test.each([
  ['as asked', good],
  ['indented', JSON.stringify(JSON.parse(good), null, 2)],
  ['in a code fence', `\`\`\`json\n${good}\n\`\`\``],
  ['in prose', `Sure! Here is {my} answer:\n${good}\nHope that helps {a bit}.`],
  ['the list alone', JSON.stringify(JSON.parse(good).answers)],
  ['numbers as strings', '[{"item":"1","id":"3","confidence":0.9},{"item":"2","id":"0","confidence":0.4}]'],
  ['cut off at the end', `${good.slice(0, -2)},{"item":3,"id":`],
  ['one element broken', good.replace('},{', '},{"item":3,"id":,"confidence":0.5},{')],
  ['more fields', good.replace('"id":3', '"id":3,"why":"{it} fits"')],
])('reads an answer %s', (_, text) => {
  expect(parseAnswers(text, prompt).answers).toEqual(parsed);
});

/** Another answer than `good`, as a model drafts it. */
const draft =
  '{"answers":[{"item":1,"id":4,"confidence":0.2},{"item":2,"id":6,"confidence":0.1},{"item":3,"id":6,"confidence":1}]}';

test.each([
  ['<think>', `<think>First ${draft}, but no.</think>\n\n${good}`],
  ['an empty <think>', `<think>\n\n</think>\n\n${good}`],
  ['<thinking>', `<thinking>\n${draft}\n</thinking>${good}`],
  ['<reasoning>', `<reasoning>${draft}</reasoning>${good}`],
  ['a tag with a prefix', `<seed:think>${draft}</seed:think>${good}`],
  ['capitals', `<THINK>${draft}</THINK>${good}`],
  ['◁think▷', `◁think▷${draft}◁/think▷${good}`],
  ['[THINK]', `[THINK]${draft}[/THINK]${good}`],
  ['<|START_THINKING|>', `<|START_THINKING|>${draft}<|END_THINKING|>${good}`],
  ['<|begin_of_thought|>', `<|begin_of_thought|>${draft}<|end_of_thought|>${good}`],
  ['a closing tag alone: the template opened it', `Hm, ${draft}\n</think>\n\n${good}`],
  ['tags inside tags', `<think>a <think>${draft}</think> b ${draft}</think>${good}`],
  ['two blocks', `<think>${draft}</think>Now: <think>${draft}</think>${good}`],
  ['an opening tag that nothing closes', `<think>${good}`],
  ['an opening tag that nothing closes, and a draft', `<think>\n${draft}\nNo, rather:\n${good}`],
  ['reasoning and a code fence', `<think>${draft}</think>\n\`\`\`json\n${good}\n\`\`\`\nDone.`],
  ['reasoning longer than an answer', `<think>${`${draft}\n`.repeat(1000)}</think>${good}`],
  ['reasoning behind the answer', `${good}<think>or ${draft}?</think>`],
  [
    'channels',
    `<|channel|>analysis<|message|>${draft}<|end|><|start|>assistant<|channel|>final<|message|>${good}<|return|>`,
  ],
  [
    'a constrained channel',
    `<|channel|>analysis<|message|>${draft}<|end|><|start|>assistant<|channel|>final <|constrain|>json<|message|>${good}`,
  ],
  ['channels whose marks were swallowed', `analysisWe say ${draft}.assistantfinal${good}`],
  ['a channel of another make', `<|channel>thought\n${draft}<channel|>${good}`],
])('steps over reasoning: %s', (_, text) => {
  expect(parseAnswers(text, prompt)).toEqual({ answers: parsed, refused: [] });
});

test.each([
  ['<think>', `<think>First ${draft.slice(0, 60)}`],
  ['a channel', `<|channel|>analysis<|message|>Perhaps ${draft}`],
  ['nothing at all', ''],
])('of reasoning that was cut off nothing is an answer: %s', (_, text) => {
  expect(parseAnswers(text, prompt).answers).toEqual(new Map());
  expect(answersSomething(text)).toBe(false);
});

test('an answer may speak of tags', () => {
  const why = JSON.stringify({
    answers: [
      { item: 1, id: 3, confidence: 0.9, why: 'a <think> b' },
      { item: 2, id: 0, confidence: 0.4, why: '</think>' },
    ],
  });
  expect(parseAnswers(why, prompt).answers).toEqual(parsed);
});

test('rubbish gives no answers, and no error', () => {
  for (const text of ['', 'I cannot help', 'null', '5', '{}', '{"answers":7}', '{'.repeat(10_000)])
    expect(parseAnswers(text, prompt).answers.size).toBe(0);
});

test('an id that was not offered is refused, though the category exists', () => {
  const { answers, refused } = parseAnswers('{"answers":[{"item":1,"id":9,"confidence":1}]}', prompt);
  expect(answers.size).toBe(0);
  expect(refused).toEqual([{ item: 1, reason: 'id 9 was not offered' }]);
});

test('0 is refused where the whole tree was offered', () => {
  const tree = buildPrompt([item('a')], shop);
  const { answers, refused } = parseAnswers('{"answers":[{"item":1,"id":0,"confidence":1}]}', tree);
  expect(answers.size).toBe(0);
  expect(refused).toEqual([{ item: 1, reason: 'id 0 was not offered' }]);
});

test('items that are not in the batch, and elements of another form, are refused', () => {
  const text =
    '{"answers":[{"item":0,"id":3},{"item":4,"id":3},{"item":-1,"id":3},{"item":1.5,"id":3},{"id":3},7,null,"x"]}';
  const { answers, refused } = parseAnswers(text, prompt);
  expect(answers.size).toBe(0);
  expect(refused.map((one) => one.item)).toEqual(Array.from({ length: 8 }, () => null));
  expect(refused[1]?.reason).toBe('there is no item 4');
});

test('twice the same answer is one; two different ones are none', () => {
  const same = parseAnswers(
    '[{"item":1,"id":3,"confidence":0.9},{"item":1,"id":3,"confidence":0.1}]',
    prompt,
  );
  expect(same).toEqual({ answers: new Map([[1, { categoryId: 3, confidence: 0.9 }]]), refused: [] });
  const differ = parseAnswers(
    '[{"item":1,"id":3},{"item":1,"id":4},{"item":1,"id":3},{"item":2,"id":4}]',
    prompt,
  );
  expect([...differ.answers.keys()]).toEqual([2]);
  expect(differ.refused).toEqual([{ item: 1, reason: 'answered twice, differently' }]);
});

test('a valid answer beside an invalid one for the same item counts', () => {
  const { answers, refused } = parseAnswers('[{"item":1,"id":9},{"item":1,"id":3}]', prompt);
  expect(answers.get(1)?.categoryId).toBe(3);
  expect(refused).toEqual([]);
});

test.each([[-0.1], [1.1], ['"high"'], ['null'], ['{"a":1}']])('confidence %s is none', (confidence) => {
  const { answers } = parseAnswers(`{"answers":[{"item":1,"id":3,"confidence":${confidence}}]}`, prompt);
  expect(answers.get(1)).toEqual({ categoryId: 3, confidence: null });
});

test.each(hostileAnswers(3, 6, 9))('$what: no answer, no error, nothing of it in the reasons', ({ text }) => {
  const { answers, refused } = parseAnswers(text, prompt);
  expect(answers).toEqual(new Map());
  // reasons go to the ledger, to logs and to screens
  expect(refused.length).toBeLessThanOrEqual(50);
  for (const { reason } of refused)
    expect(reason).toMatch(
      /^(id -?[\d.e+]+ was not offered|there is no item -?\d+|not of the form .*|answered twice, differently)$/,
    );
  expect(({} as Record<string, unknown>).id).toBeUndefined();
});

test('an answer is read as far as an honest one could go, and what is behind that is not', () => {
  const padded = (before: number) => parseAnswers(`${' '.repeat(before)}${good}`, prompt).answers.size;
  expect(padded(1000)).toBe(2);
  expect(padded(100_000)).toBe(0);
});

test('whatever a provider sends, only offered ids for items of the batch come out', () => {
  const number = fc.oneof(fc.integer({ min: -2, max: 12 }), fc.double(), fc.string(), fc.constant(null));
  const anything = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .array(fc.record({ item: number, id: number, confidence: number }, { requiredKeys: [] }))
      .map((answers) => JSON.stringify({ answers })),
  );
  fc.assert(
    fc.property(fc.string(), anything, fc.nat(60), (before, text, cut) => {
      const { answers, refused } = parseAnswers(before + text.slice(0, text.length - cut), prompt);
      for (const [key, answer] of answers) {
        expect(key >= 1 && key <= 3).toBe(true);
        expect(prompt.offered.has(answer.categoryId)).toBe(true);
        expect(refused.some((one) => one.item === key)).toBe(false);
      }
    }),
    { numRuns: 500 },
  );
});
