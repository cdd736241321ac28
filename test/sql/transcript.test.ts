import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withSection } from '../../bench/trust/sections.ts';
import { packageRoot } from '../../src/config.ts';
import { psqlScreen } from '../support/schema.ts';
import { taxonDatabase } from '../support/sql.ts';
import { makeModel, missed } from '../support/trust.ts';

const t = taxonDatabase();
const page = join(packageRoot, 'docs', 'guide', 'tuning.md');

/** How many names arrived; their places among them say how sure the model is and whether it is right. */
const arrived = 4000;
const said = Array.from({ length: arrived }, (_, i) => 1 - 0.98 * ((i + 0.5) / arrived) ** 2.5);
const right = said.map((sure, i) => ((i * 7919) % 1000) / 1000 < sure);

test('the transcript in docs/guide/tuning.md is what psql shows; vitest --update writes it anew', async () => {
  const model = await makeModel(t);
  const ids = await missed(t, model, await t.category('Home > Kitchen > Kettles'), said);
  await t.owner.rows(
    `insert into llm_calls (worker, purpose, route, provider, model, simulated, state, names, tokens_in, tokens_out, cost, lease_until)
       select 'w', 'answer', 'shortlist', 'openai', 'gpt', true, 'ok', 15, 1500, 240, .0006, now() from generate_series(1, 20)`,
  );
  const shown: string[] = [];
  const show = async (why: string, ...statements: string[]) => {
    shown.push(`-- ${why}`);
    for (const statement of statements) shown.push(await psqlScreen(t.database.url, statement));
  };
  const curve =
    'select coverage, l3, names, expected_error, checked, wrong, lower, upper from taxon.coverage_curve() where round(coverage * 50) % 5 = 0';
  const suggest =
    'select feasible, coverage, checked, wrong, upper_bound, verdict from taxon.suggest_thresholds(max_error => .05, confidence => .95)';
  await show(
    'A model was trained and 4,000 new names came in. The defaults run, and nobody knows how wrong they are.',
    `select item, value, detail from taxon.health() where item in ('champion', 'local layer')`,
    curve,
  );
  await show('How many checks would it take?', suggest);
  const needed = Number(/draw_checks\((\d+), 'surer'\)/.exec(shown.join('\n'))?.[1]);
  expect(needed).toBeLessThan(arrived / 2);
  // the estimate, rounded up
  const drawn = Math.ceil(needed / 100) * 100;
  await show('They are drawn.', `select count(*) from taxon.draw_checks(${drawn}, 'surer')`);
  // in parts, so that no statement takes as long as a slow machine needs for all
  for (let part = 0; part < 20; part++)
    await t.owner.rows(
      `select c.check_id, (judge(c.check_id, u.truth)).verdict
         from checks c join unnest($1::bigint[], $2::boolean[]) u(id, truth) on u.id = c.evidence_id where c.check_id % 20 = $3`,
      ids,
      right,
      part,
    );
  await show(
    'People judge them, with taxon review or name by name: select * from taxon.confirm(product_id), taxon.reject(product_id).',
    'select count(*) from taxon.open_checks()',
    suggest,
    curve,
  );
  const { l1, l2, l3 } = await t.owner.row<Record<string, number>>(
    'select l1, l2, l3 from suggest_thresholds()',
  );
  await show(
    'What would these thresholds change?',
    `select names, newly_answered, newly_passed, share_before, share_after, expected_error, lower, upper, llm_tokens_more_a_day, llm_cost_more_a_day from taxon.simulate_thresholds(l1 => ${l1}, l2 => ${l2}, l3 => ${l3})`,
  );
  await show(
    'The promise. Its thresholds are set with it.',
    `select certified, l1, l2, l3, coverage, mode from taxon.set_promise(max_error => .05, reason => 'a wrong shelf costs more than a call')`,
  );
  await show(
    'What is known of each layer? Names that arrive from now on are audited.',
    'select layer, promised, answered, sample, measured, verdict from taxon.trust()',
  );
  await show(
    'Looser ones are not certified, and refused without force; with it the local layer only watches until that is undone.',
    `select certified from taxon.set_thresholds(l1 => .6, l2 => .5, l3 => .4, reason => 'fewer calls', force => true)`,
    `select value, detail from taxon.health() where item = 'local layer'`,
    'select l1, l2, l3, certified from taxon.undo_thresholds()',
    `select value, detail from taxon.health() where item = 'local layer'`,
    'select l3, cause, promised, certified, upper_bound, checks, reason, undone_at is not null as undone from taxon.threshold_history',
  );
  const text = shown.join('\n').replaceAll(/ +$/gm, '');
  expect(text).toContain('| certified');
  const before = readFileSync(page, 'utf8');
  await expect(withSection(before, 'transcript', `\`\`\`\n${text.trimEnd()}\n\`\`\``)).toMatchFileSnapshot(
    page,
  );
});
