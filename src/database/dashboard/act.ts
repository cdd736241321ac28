import { refusing } from '../connection/refusals.ts';
import { type Action, type Arguments, actions, given } from './actions.ts';
import type { Asking } from './as-role.ts';

/**
 * Calls an action's function with the values as parameters; returns its rows.
 *
 * @throws TaxonError with what the function refuses
 */
export function act(ask: Asking, action: Action, values: Arguments): Promise<Record<string, unknown>[]> {
  const parts = given(action, values);
  const written = parts.map(({ name, type }, i) => `${name} => $${i + 1}::${type}`).join(', ');
  return refusing(
    ask.rows(
      `select * from ${ask.at}${action}(${written})`,
      parts.map(({ type, value }) => (type === 'jsonb' ? JSON.stringify(value) : value)),
    ),
  );
}

/** Which of the actions the role may call. */
export async function allowed(ask: Asking): Promise<Action[]> {
  const rows = await ask.rows<{ name: Action }>(
    `select p.proname as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
       where n.nspname = $1 and p.proname = any ($2) group by 1
       having bool_and(has_function_privilege(p.oid, 'execute')) order by 1`,
    [ask.schema, Object.keys(actions)],
  );
  return rows.map(({ name }) => name);
}
