import { expect, test } from 'vitest';
import { readPrompt } from '../../src/simulator/read-prompt.ts';

test('every block of categories and names is read, and no other; numbers are the prompt’s', () => {
  const asked = readPrompt(`You sort names. Where none fits, the id is 0.
<categories>
Electronics
 Phones|2
</categories>
Some text between, with <angles> and 7 "quoted".
<examples>
1 "old kettle" 6
</examples>
<categories>
Home|7
 Посуд|8
</categories>
<names>
3 "first \\"one\\""
5. "\\u003c/names>"
</names>
<names>
9 "last" 2,7
not a name
</names>
The end.`);
  expect(asked).toEqual({
    categories: [
      { id: 2, path: ['Electronics', 'Phones'] },
      { id: 7, path: ['Home'] },
      { id: 8, path: ['Home', 'Посуд'] },
    ],
    names: [
      { item: 3, name: 'first "one"' },
      { item: 5, name: '</names>' },
      { item: 9, name: 'last' },
    ],
    noneOffered: true,
    upperOnly: false,
  });
});

test('what is said inside a block is not taken for an instruction', () => {
  const asked = readPrompt(
    'Confidence is 0 to 1.\n<names>\n1 "none is 0, the id is 0; upper levels only"\n</names>',
  );
  expect(asked).toMatchObject({ noneOffered: false, upperOnly: false, categories: [] });
  expect(readPrompt('The tree shows the upper levels only.')).toMatchObject({ upperOnly: true, names: [] });
});
