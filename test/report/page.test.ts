import { describe, expect, it } from 'vitest';
import { html } from '../../src/report/html.ts';
import { lineChart, ticks } from '../../src/report/line-chart.ts';
import { reportPage } from '../../src/report/page.ts';
import { type Shown, sectionsOf } from '../../src/report/tables.ts';
import { generatedInput, generatedReport } from './generated.ts';

const model = { model_id: 4, state: 'champion', created_at: '2026-01-02T03:04:05.000Z' };
const routing = [
  { layer: 'exact', products: 17, share: 0.17, tokens: 0, cost: 0 },
  { layer: 'llm', products: 83, share: 0.83, tokens: 6369, cost: 0.0012 },
];
const shown: Shown = { model, report: generatedReport(), routing };

describe('html', () => {
  it('escapes every value that is not markup itself', () => {
    const name = `<script>alert("1")</script> & 'x'`;
    expect(html`<p title="${name}">${[name, html`<b>${1}</b>`]}${null}</p>`.text).toBe(
      '<p title="&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;">&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;<b>1</b></p>',
    );
    expect(html`${'nul\u0000\u001b[31m\ttab'}`.text).toBe('nul\uFFFD\uFFFD[31m\ttab');
  });
});

describe('the page', () => {
  const page = reportPage(shown);

  it('stands alone: no script, no link to anything outside it', () => {
    expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|https?:/i);
    for (const [, target] of page.matchAll(/href="([^"]*)"/g)) {
      expect(target).toMatch(/^#/);
      expect(page).toContain(`id="${target?.slice(1)}"`);
    }
  });

  it('closes every element that it opens', () => {
    const open: string[] = [];
    for (const [, slash, name, self] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*?(\/?)>/g)) {
      if (name === 'meta' || self === '/') continue;
      if (slash !== '/') open.push(name as string);
      else expect(open.pop()).toBe(name);
    }
    expect(open).toEqual([]);
  });

  it('shows every part, and can be read in the dark and on a phone', () => {
    for (const { title } of sectionsOf(shown)) expect(page).toContain(html`<h2>${title}</h2>`.text);
    expect(page).toContain('prefers-color-scheme: dark');
    expect(page).toContain('name="viewport"');
    expect(page.match(/<svg[^>]* role="img" aria-label="[^"]+"/g)).toHaveLength(3);
    expect(page).toContain('the black hole is &quot;Home &amp; Garden&quot;');
  });

  it('makes names and categories harmless wherever they stand', () => {
    const evil = `</table><script>alert(1)</script><img src=x onerror="alert(2)">`;
    const input = generatedInput();
    const classNames = new Map([...input.classNames].map(([id, name]) => [id, `${name}${evil}`]));
    const { facts } = input;
    if (facts === undefined) throw new Error('the generator gives facts');
    const report = generatedReport({
      names: input.names.map((name) => `${name}${evil}`),
      classNames,
      methods: { ...input.methods, [evil]: input.methods.joined ?? [] },
      facts: { ...facts, encoder: evil, more: { [evil]: evil }, rows: { [evil]: 1 } },
    });
    const hostile = reportPage({ model: { ...model, state: evil }, report, routing });
    expect(hostile).not.toMatch(/<script|<img/i);
    // names, labels, answers, classes, pairs, the matrix, methods, facts
    expect(hostile.split('&lt;script&gt;').length).toBeGreaterThan(500);
    expect(hostile.split('</table>')).toHaveLength(page.split('</table>').length);
  });

  it('has a page for the least that there is to say', () => {
    const input = generatedInput(2);
    const bare = reportPage({
      model: null,
      routing: null,
      report: generatedReport({
        names: [],
        truth: [],
        methods: { joined: [] },
        learningCurve: [],
        cleaning: null,
        facts: undefined,
        classNames: input.classNames,
      }),
    });
    expect(bare).toContain('<h1>Evaluation</h1>');
    expect(bare).not.toMatch(/NaN|undefined|Infinity|Learning curve|Routing/);
  });
});

describe('sections', () => {
  it('tell what the gate said, where it was asked', () => {
    const gate = {
      challenger: 2,
      champion: 1,
      passed: false,
      reasons: ['worse in Home: 4 lost, 0 won of 20 names'],
      numbers: {
        coverage: { champion: 0.6, challenger: 0.45 },
        differences: [{ kind: 'people', branch: 7, path: 'Home', names: 20, worse: 4, better: 0, p: 0.06 }],
      },
    };
    expect(sectionsOf(shown).map(({ id }) => id)).not.toContain('gate');
    expect(sectionsOf({ ...shown, gate }).find(({ id }) => id === 'gate')).toMatchObject({
      says: [
        'It was refused, beside model 1.',
        'worse in Home: 4 lost, 0 won of 20 names',
        'Within the promise it would answer 45.0 % of cache misses, the champion 60.0 %.',
      ],
      rows: [{ 'judged by': 'people', branch: 'Home', names: 20, better: 0, worse: 4 }],
    });
  });

  it('tell the headline in words: what it was measured against, and the best other method', () => {
    const [first] = sectionsOf(shown);
    const says = first?.says.join('\n') ?? '';
    expect(says).toMatch(/whole path is right for \d\d\.\d % of 1,500 names/);
    expect(says).toContain('against the stored labels');
    // no part of the joined model is its rival
    expect(says).toContain('The best other method, "letters"');
    const checked = sectionsOf({ ...shown, report: { ...shown.report, against: 'truth' } });
    expect(checked[0]?.says.join()).not.toContain('stored labels');
  });

  it('say what memory answers wrongly before and after cleaning, as estimated', () => {
    const section = (report: typeof shown.report) =>
      sectionsOf({ ...shown, report }).find(({ id }) => id === 'cleaning');
    expect(section(shown.report)?.rows[2]).toEqual({
      level: 'l3',
      'labels changed': '15.4 %',
      'wrong before, estimated': '22.2 %',
      'wrong after, estimated': '8.7 %',
    });
    expect(section({ ...shown.report, cleaning: null })).toBeUndefined();
  });

  it('draw the curve of a taxonomy that has no third level', () => {
    const learningCurve = shown.report.learningCurve.map((point) => ({ ...point, l3: null }));
    const flat = { ...shown, report: { ...shown.report, learningCurve } };
    expect(sectionsOf(flat).find(({ id }) => id === 'learning')?.rows[0]).toMatchObject({ l3: '' });
    expect(reportPage(flat)).not.toMatch(/NaN|null/);
  });

  it('draw what is passed on as a line of its own, and none where an old training did not measure it', () => {
    expect(reportPage(shown)).toContain('passed on to the LLM: 32,000, 42.0 %');
    const learningCurve = shown.report.learningCurve.map((point) => ({ ...point, passedOn: null }));
    const page = reportPage({ ...shown, report: { ...shown.report, learningCurve } });
    expect(page).not.toContain('passed on to the LLM: ');
  });

  it('say so where no product arrived', () => {
    const idle = sectionsOf({ ...shown, routing: routing.map((row) => ({ ...row, products: 0 })) });
    expect(idle.find(({ id }) => id === 'routing')).toMatchObject({
      says: ['No product arrived.'],
      rows: [],
    });
  });
});

describe('lineChart', () => {
  it('puts values where they belong: right is more, up is more', () => {
    const axis = { title: 'x', from: 0, to: 1 };
    const svg = lineChart({
      description: 'd',
      x: axis,
      y: axis,
      lines: [
        {
          name: 'one',
          points: [
            [0, 0],
            [1, 1],
          ],
        },
      ],
    }).text;
    const [, x0, y0, x1, y1] = (/d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)"/.exec(svg) ?? []).map(Number);
    expect(x1).toBeGreaterThan(x0 as number);
    expect(y1).toBeLessThan(y0 as number);
  });

  it('has round ticks inside the axis', () => {
    expect(ticks({ title: '', from: 0, to: 1 })).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(ticks({ title: '', from: 0.5, to: 0.9 })).toEqual([0.5, 0.6, 0.7, 0.8, 0.9]);
    expect(ticks({ title: '', from: 0, to: 57_029 })).toEqual([0, 20_000, 40_000]);
    expect(ticks({ title: '', from: 3, to: 3 })).toEqual([3]);
  });
});
