import { describe, expect, test } from 'vitest';
import { sqlOrder } from '../../src/database/connection/sql-files.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

describe('settings', () => {
  const put = (key: string | null, value: string | null) =>
    t.owner.rows('select set_setting($1, $2)', key, value);

  test.each([
    ['similarity_threshold', '0.7'],
    ['similar_layer', 'false'],
    ['guard', 'false'],
    ['local_layer', '"shadow"'],
    ['notify', 'false'],
    ['max_attempts', '3'],
    ['shadow_branches', '[]'],
    ['retrain_schedule', '"30 2 * * sun"'],
    ['retrain_schedule', '""'],
    ['ledger_days', '0'],
    ['ledger_days', '62'],
    ['llm_dollars_a_day', '12.5'],
    ['llm_dollars_a_day', 'null'],
    ['champions_kept', '1'],
    ['forget_embeddings', 'false'],
  ])('%s takes %s', async (key, value) => {
    await put(key, value);
    expect(await t.owner.value('select setting($1)::text', key)).toBe(value);
  });

  test.each([
    ['similarity_threshold', '0.29', 'from 0.3 to 1'],
    ['similarity_threshold', '1.01', 'from 0.3 to 1'],
    ['similarity_threshold', '"0.7"', 'takes a number from 0.3 to 1, not "0.7"'],
    ['guard', 'null', 'takes true or false, not null'],
    ['guard', null, 'takes true or false, not NULL'],
    ['max_attempts', '0', 'a whole number from 1 to 100'],
    ['max_attempts', '2.5', 'a whole number from 1 to 100'],
    ['local_layer', '"maybe"', 'takes "on", "shadow", "off", not "maybe"'],
    ['tree_levels', '"1,2,3"', 'tree_levels is not changed here'],
    ['sql_sha256', '"x"', 'there is no setting "sql_sha256"'],
    ['shadow_branches', '["Home"]', 'takes ids of top categories'],
    ['shadow_branches', '[3]', 'takes ids of top categories'],
    ['retrain_schedule', '"61 2 * * 0"', 'a time as cron writes it, not "61 2 * * 0"'],
    ['retrain_schedule', '"every Sunday"', 'a time as cron writes it'],
    ['second_looks_most', '1e30', 'takes a whole number, 0 or more'],
    ['gate_slower', '0', 'takes a number, 0.000001 or more'],
    ['audit_share', '1e-13', 'takes a number from 0 to 1'],
    ['evidence_days', '36501', 'a whole number from 0 to 36500'],
    ['model_days', '-1', 'a whole number from 0 to 36500'],
    ['ledger_days', '61', 'takes a whole number from 62 to 36500, or 0, not 61'],
    ['champions_kept', '0', 'a whole number from 1 to 1000'],
    ['nonsense', '1', 'there is no setting "nonsense"'],
  ])('%s refuses %s', async (key, value, message) => {
    await expect(put(key, value)).rejects.toThrow(message);
  });

  test('keep who changed them and why, and say what they take', async () => {
    await t.owner.rows(`select set_setting('audit_share', '0.05', reason => 'a new supplier')`);
    expect(
      await t.owner.row(
        `select value, takes, unit, changed_by, reason from settings where key = 'audit_share'`,
      ),
    ).toEqual({
      ...{ value: 0.05, takes: 'a number from 0 to 1', unit: 'share' },
      ...{ changed_by: 'owner', reason: 'a new supplier' },
    });
  });

  test('are described, each by its kind; one screen of them is for every day', async () => {
    const all = await t.owner.rows<{ key: string; kind: string; description: string; topic: string }>(
      `select key, kind, description, topic from all_settings where audience <> 'internal'`,
    );
    for (const { key, description, topic } of all) {
      expect(description, key).toMatch(/^[A-Z].*\.$/);
      expect(sqlOrder().map((each) => each.topic)).toContain(topic);
    }
    // each takes the value that it has
    expect(
      await t.owner.rows(
        `select key from all_settings s where audience <> 'internal' and changed_with is null and not setting_takes(s, value)`,
      ),
    ).toEqual([]);
    const everyday = await t.owner.value<number>('select count(*) from settings');
    expect(everyday).toBeGreaterThan(14);
    expect(everyday).toBeLessThan(22);
  });

  test('an unknown one is told which there are', async () => {
    await expect(put('gaurd', 'true')).rejects.toMatchObject({
      hint: 'The settings are: audit_people_a_day, audit_share, audit_tokens_a_day, auditor, auditor_error, autopilot_clean, autopilot_promote, autopilot_prove, autopilot_request, autopilot_return, backfill_share, canary_names, canary_share, champions_kept, drift_burst_hours, drift_names_a_year, evidence_days, fill_embeddings, forget_embeddings, full_training_every, gate_branch_loss, gate_coverage_loss, gate_model_mb, gate_slower, gate_teacher_drop, guard, ledger_days, ledger_names_days, llm_deployment, llm_dollars_a_day, llm_dollars_a_month, llm_full_batch, llm_tokens_a_day, llm_tokens_a_month, local_layer, max_attempts, model_days, neighbours, notify, partial_answers, retrain_gain, retrain_growth, retrain_labels, retrain_schedule, second_looks_most, shadow_branches, shadow_names, signatures_from, similar_layer, similar_promise, similarity_threshold, teach_strategy, teach_tokens_a_day, tree_levels, watch_names',
    });
  });
});
