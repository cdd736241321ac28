import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/config.ts';
import { taxonDatabase } from '../support/sql.ts';
import { makeModel } from '../support/trust.ts';

const t = taxonDatabase();

describe('the decision stands in one place', () => {
  /** Code without comments and strings, by file. */
  const files = new Map(
    readdirSync(join(packageRoot, 'sql'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.sql'))
      .map((path) => [
        path.replaceAll('\\', '/'),
        readFileSync(join(packageRoot, 'sql', path), 'utf8').replaceAll(/--.*|'(?:[^']|'')*'/g, ''),
      ]),
  );
  /** A confidence, or what a model said, beside a threshold. */
  const compares =
    /(?:l[123]_(?:confidence|said)|said\[[123]\]|\bc[123]|calibrate\([^()]*l[123]_said[^()]*\))\s*[<>]=?\s*(?:\w+\.)?(?:[lt][123]\b|thresholds|high|low|given)/;
  const where = (found: (text: string) => boolean) =>
    [...files].filter(([, text]) => found(text)).map(([path]) => path);

  test('no other file compares confidences with thresholds', () => {
    expect(where((text) => compares.test(text))).toEqual(['model/decide.sql']);
    for (const planted of ['e.l3_said >= t.l3', 'calibrate(e.l1_said, k.o, k.s) >= given[1]', 'c1 > f.t1'])
      expect(compares.test(planted)).toBe(true);
  });

  test('no other file asks a branch for its own rules, but what keeps and copies them', () => {
    expect(where((text) => /\boverridden\(/.test(text))).toEqual([
      'changes/follow.sql',
      'model/decide.sql',
      'model/thresholds_in_force.sql',
    ]);
  });

  test('whoever counts what clears goes by the rule of the category, or by a cut of all of them', () => {
    const uses = [...files].flatMap(([path, text]) =>
      path === 'model/decide.sql'
        ? []
        : Array.from(text.matchAll(/\b(?:clears|passes)\((.{6})/g), ([, first]) => `${path}: ${first}`),
    );
    expect(uses.length).toBeGreaterThan(4);
    expect(uses.filter((use) => !/: (?:\w\.may,|true, )/.test(use))).toEqual([]);
  });
});

describe('decide', () => {
  const confidence = [0.9, 0.8, 0.7];
  const decide = (model: number | null, ...answers: object[]) =>
    t.owner.rows(
      'select category_id, clear, live, safe from decide($1, $2) order by place',
      model,
      JSON.stringify(answers),
    );

  test('says of each answer whether it clears and whether the local layer is live there, in their order', async () => {
    const model = await makeModel(t);
    const [kettles, tea] = [await t.category('Home > Kettles'), await t.category('Food > Tea')];
    const food = await t.category('Food');
    await t.owner.rows('select set_setting($1, $2)', 'shadow_branches', `[${food}]`);
    expect(
      await decide(
        model,
        { category_id: tea, confidence },
        { category_id: kettles, confidence },
        { category_id: kettles, confidence: [0.9, 0.8, 0.1] },
        { category_id: null, confidence },
        {},
      ),
    ).toEqual([
      { category_id: tea, clear: true, live: false, safe: null },
      { category_id: kettles, clear: true, live: true, safe: null },
      { category_id: kettles, clear: false, live: true, safe: null },
      { category_id: null, clear: false, live: false, safe: null },
      { category_id: null, clear: false, live: false, safe: null },
    ]);
  });

  test('takes a merged category for its successor, and a retired one for no answer', async () => {
    const model = await makeModel(t);
    const [mugs, cups, pans] = [
      await t.category('Home > Mugs'),
      await t.category('Home > Cups'),
      await t.category('Home > Pans'),
    ];
    await t.owner.rows('select merge_categories(array[$1::bigint], $2)', mugs, cups);
    await t.owner.rows('select retire_category($1)', pans);
    expect(await decide(model, { category_id: mugs, confidence }, { category_id: pans, confidence })).toEqual(
      [
        { category_id: cups, clear: true, live: true, safe: null },
        { category_id: pans, clear: false, live: false, safe: null },
      ],
    );
  });

  test('without a model, or without a champion, nothing clears', async () => {
    const kettles = await t.category('Home > Kettles');
    expect(await decide(null, { category_id: kettles })).toMatchObject([{ clear: false }]);
  });
});
