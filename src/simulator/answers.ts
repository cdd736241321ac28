import type { FaultKind } from './faults.ts';
import type { Asked } from './read-prompt.ts';
import { type Answer, type Form, formInWords, written } from './schema.ts';
import type { Teacher } from './teacher.ts';

/** Every second answer, in another way than the rest. */
const isSecond = (_: Answer, i: number) => i % 2 === 1;

/** Every second item answered again, with another id that was offered. */
function twice(answers: readonly Answer[], asked: Asked): Answer[] {
  const offered = [...asked.categories.map((category) => category.id), ...(asked.noneOffered ? [0] : [])];
  const again = answers.filter(isSecond).flatMap((answer) => {
    const other = offered.find((id) => id !== answer.id);
    return other === undefined ? [] : [{ ...answer, id: other }];
  });
  return [...answers, ...again];
}

/** What the form allows of what the prompt offers: a schema with an enum of ids is kept to. */
function within(asked: Asked, ids: Form['ids']): Asked {
  if (ids === undefined) return asked;
  return {
    ...asked,
    categories: asked.categories.filter((category) => ids.has(category.id)),
    noneOffered: ids.has(0),
  };
}

/** The text of an answer to all names of a prompt, in the form asked for, spoiled where a fault says so. */
export function answerText(
  teacher: Teacher,
  everything: Asked,
  form: Form | undefined,
  as: 'plain' | 'json' | { tool: string },
  fault: FaultKind | undefined,
  call: number,
): string {
  if (fault === 'rubbish') return 'I am sorry, I cannot help with that.';
  const asked = within(everything, form?.ids);
  let answers = asked.names.map(({ item, name }): Answer => ({ item, ...teacher.answer(name, asked, call) }));
  if (fault === 'wrong-ids') {
    const unoffered = Math.max(0, ...everything.categories.map((category) => category.id)) + 1;
    answers = answers.map((answer, i) => ({ ...answer, id: unoffered + i }));
  }
  if (fault === 'missing-items') answers = answers.filter(isSecond);
  if (fault === 'two-answers') answers = twice(answers, asked);
  const json = written(form ?? formInWords, answers);
  // Names of properties without quotes: no JSON as a whole, and no JSON in any part.
  if (fault === 'broken-json') return json.replace(/"(\w+)":/g, '$1:');
  // Nothing holds a model to bare JSON then, and many wrap it.
  return as === 'plain' ? `\`\`\`json\n${json}\n\`\`\`` : json;
}
