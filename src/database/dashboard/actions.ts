/**
 * What the page may do: each action is one call of one public SQL function. The server runs only what stands here, and
 * the page writes the same call as text to copy. This file imports nothing, as the browser loads it too.
 */

export type ArgumentType =
  | 'bigint'
  | 'integer'
  | 'real'
  | 'double precision'
  | 'text'
  | 'boolean'
  | 'jsonb'
  | 'bigint[]'
  | 'integer[]'
  | 'text[]';

/** A function's parameters in the order in which they are written, with their SQL types. */
type Parameters = Readonly<Record<string, ArgumentType>>;

export const actions = {
  confirm: { product_id: 'bigint', category_id: 'bigint' },
  reject: { product_id: 'bigint' },
  undo_check: { check_id: 'bigint' },
  draw_checks: { n: 'integer', strategy: 'text', category_id: 'bigint' },
  decide_kind: {
    kind_id: 'bigint',
    category_id: 'bigint',
    unmarked: 'integer[]',
    shown: 'integer',
    mode: 'text',
    reason: 'text',
    preview: 'boolean',
  },
  set_thresholds: { l1: 'real', l2: 'real', l3: 'real', reason: 'text', force: 'boolean' },
  undo_thresholds: {},
  set_promise: {
    max_error: 'double precision',
    confidence: 'double precision',
    reason: 'text',
    force: 'boolean',
  },
  end_promise: { reason: 'text' },
  promote_model: { model_id: 'bigint', force: 'boolean', reason: 'text' },
  roll_back_model: { reason: 'text' },
  request_retrain: { reason: 'text' },
  add_category: {
    name: 'text',
    parent_id: 'bigint',
    external_id: 'text',
    reason: 'text',
    preview: 'boolean',
  },
  rename_category: { category_id: 'bigint', name: 'text', reason: 'text', preview: 'boolean' },
  move_category: { category_id: 'bigint', parent_id: 'bigint', reason: 'text', preview: 'boolean' },
  merge_categories: { category_ids: 'bigint[]', successor: 'bigint', reason: 'text', preview: 'boolean' },
  split_category: {
    category_id: 'bigint',
    names: 'text[]',
    max_tokens: 'bigint',
    reason: 'text',
    preview: 'boolean',
  },
  retire_category: { category_id: 'bigint', instead: 'bigint', reason: 'text', preview: 'boolean' },
  undo_taxonomy_change: { taxonomy_change_id: 'bigint', reason: 'text', preview: 'boolean' },
  set_setting: { key: 'text', value: 'jsonb', reason: 'text' },
  mark_urgent: { product_id: 'bigint', urgent: 'boolean', reason: 'text' },
  end_alarm: { alarm_id: 'bigint', reason: 'text' },
  decide_again: { product_id: 'bigint', failed: 'boolean', reason: 'text', preview: 'boolean' },
} as const satisfies Record<string, Parameters>;

export type Action = keyof typeof actions;

/** Values by parameter; what is absent or undefined is left to the function's default. */
export type Arguments = Readonly<Record<string, unknown>>;

export const isAction = (name: string): name is Action => Object.hasOwn(actions, name);

/**
 * The parameters that are given, in the function's order.
 *
 * @throws Error where a value is given that the function has no parameter for, or that is not of its type
 */
export function given(
  action: Action,
  values: Arguments,
): { name: string; type: ArgumentType; value: unknown }[] {
  const parameters: Parameters = actions[action];
  for (const name of Object.keys(values))
    if (!Object.hasOwn(parameters, name)) throw new Error(`${action}() has no parameter ${name}`);
  return Object.entries(parameters)
    .filter(([name]) => values[name] !== undefined)
    .map(([name, type]) => {
      const value = values[name];
      if (value !== null && !fits(type, value)) throw new Error(`${name} of ${action}() is no ${type}`);
      return { name, type, value };
    });
}

function fits(type: ArgumentType, value: unknown): boolean {
  switch (type) {
    case 'bigint':
    case 'integer':
      return Number.isSafeInteger(value);
    case 'real':
    case 'double precision':
      return typeof value === 'number' && Number.isFinite(value);
    case 'text':
      return typeof value === 'string';
    case 'boolean':
      return typeof value === 'boolean';
    case 'jsonb':
      return true;
    case 'bigint[]':
    case 'integer[]':
      return Array.isArray(value) && value.every((one) => fits('bigint', one));
    case 'text[]':
      return Array.isArray(value) && value.every((one) => fits('text', one));
  }
}

/** What a person would type in psql for this call. */
export function asSql(schema: string, action: Action, values: Arguments): string {
  const written = given(action, values).map(({ name, type, value }) => `${name} => ${literal(type, value)}`);
  return `select * from ${schema}.${action}(${written.join(', ')});`;
}

function literal(type: ArgumentType, value: unknown): string {
  // a JSON null is a value: it takes a limit away
  if (type === 'jsonb') return quoted(JSON.stringify(value));
  if (value === null) return 'null';
  if (type === 'bigint[]' || type === 'integer[]' || type === 'text[]') {
    const each = (value as unknown[]).map((one) => (type === 'text[]' ? quoted(String(one)) : String(one)));
    return `array[${each.join(', ')}]::${type}`;
  }
  return type === 'text' ? quoted(String(value)) : String(value);
}

/** Signs that are not seen, or that turn the text after them, are written by their numbers. */
function quoted(text: string): string {
  const doubled = text.replaceAll("'", "''");
  if (!/[\p{Cc}\p{Cf}]/u.test(text)) return `'${doubled}'`;
  const escaped = doubled
    .replaceAll('\\', '\\\\')
    .replaceAll(
      /[\p{Cc}\p{Cf}]/gu,
      (sign) => `\\+${(sign.codePointAt(0) ?? 0).toString(16).padStart(6, '0')}`,
    );
  return `U&'${escaped}'`;
}
