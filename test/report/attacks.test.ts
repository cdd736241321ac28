import { expect, test } from 'vitest';
import { table } from '../../src/cli/output.ts';
import { html } from '../../src/report/html.ts';
import { reportPage } from '../../src/report/page.ts';
import type { Shown } from '../../src/report/tables.ts';
import { attacks } from '../llm/attacks.ts';
import { generatedInput, generatedReport } from './generated.ts';

const texts = attacks(7).map(({ name }) => name);
const input = generatedInput();

/** The page with a text behind every product name and category name, each another. */
function pageWith(textOf: (i: number) => string): string {
  const classNames = new Map([...input.classNames].map(([id, name], i) => [id, `${name} ${textOf(i)}`]));
  const report = generatedReport({
    names: input.names.map((name, i) => `${name} ${textOf(i)}`),
    classNames,
    methods: { ...input.methods, [textOf(3)]: input.methods.joined ?? [] },
  });
  const shown: Shown = {
    model: { model_id: 4, state: textOf(5), created_at: '2026-01-02T03:04:05.000Z' },
    report,
    routing: [{ layer: 'llm', products: 1, share: 1, tokens: 1, cost: 0 }],
  };
  return reportPage(shown);
}

/** Every element of a page with the names of its attributes, in order, and what is no text of a product or category. */
const skeleton = (page: string) =>
  [...page.matchAll(/<(\/?[a-z][\w-]*)((?:\s+[\w:-]+="[^"]*")*)\s*(\/?)>/gi)].map(
    ([, tag, attributes = '', self]) =>
      [tag, ...[...attributes.matchAll(/([\w:-]+)="/g)].map(([, name]) => name), self].join(' '),
  );

test('no name of the attack set adds an element, an attribute or a way out of one to a report', () => {
  const plain = pageWith((i) => `plain ${i % texts.length}`);
  for (let shift = 0; shift < texts.length; shift += 40) {
    const page = pageWith((i) => texts[(i + shift) % texts.length] as string);
    expect(skeleton(page)).toEqual(skeleton(plain));
    // every "<" opens one of those
    expect(page.split('<').length).toBe(plain.split('<').length);
    expect(page).not.toMatch(/[^\P{Cc}\t\n]/u);
    // what was said is still shown, as text
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  }
});

test('in text and in an attribute each reads back as it was', () => {
  for (const name of texts) {
    const { text } = html`<p title="${name}">${name}</p>`;
    const [, title, content] = /^<p title="([^"<>]*)">([^<>]*)<\/p>$/.exec(text) ?? [];
    expect(title).toBe(content);
    const back = (content ?? '').replace(
      /&(lt|gt|quot|#39|amp);/g,
      (_, entity: string) => ({ lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' })[entity] ?? '',
    );
    expect(back).toBe(name.replace(/[^\P{Cc}\t\n]/gu, '\uFFFD'));
  }
});

test('a table in a terminal has its lines, and nothing that moves the cursor', () => {
  const text = table(texts.map((name) => ({ name, [texts[3] as string]: 1 })));
  expect(text.split('\n')).toHaveLength(texts.length + 2);
  expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
});
