import type { Session } from './sql.ts';

/**
 * What people and applications use, by topic, in the order of reading. Everything else in the schema is listed behind
 * it as internal.
 */
const topics: [title: string, names: string][] = [
  ['Give names, read answers', 'products products_readable look_up wait_for normalise'],
  ['See what happens', 'routing health'],
  ['Decide again', 'requeue retry_dead dead_letters stale_answers redecide'],
  [
    'Trust: what is promised, and what it costs',
    'set_promise keep_promise end_promise standing_promise promises coverage_curve suggest_thresholds simulate_thresholds local_mode shadow_report checked_names',
  ],
  [
    'Thresholds and models',
    'set_thresholds undo_thresholds thresholds_in_force thresholds_for threshold_history champion promote roll_back_model models_readable models promotions training_runs',
  ],
  [
    'Checks by people',
    'spot_check open_checks confirm reject judge undo_check checks check_scores product_changes',
  ],
  ['Settings', 'set_setting setting settings'],
  [
    'Taxonomy',
    'categories category_path make_category set_tree_levels add_category rename_category move_category merge_categories split_category retire_category undo_taxonomy_change more_tokens taxonomy_history taxonomy_progress',
  ],
  ['Encoders', 'encoders encoder_progress remove_encoder neighbour_index index_comparisons'],
  ['Cleaning of labels', 'confident_mistakes revert_cleaning out_of_fold'],
  [
    'Memory',
    'labels label_changes memory_at neighbours learn_guard similar_matches blocking_word guard_tokens',
  ],
  ['The LLM as teacher', 'teacher_quality llm_confidence llm_calibration checked_truths'],
  ['What is kept for how long', 'retention forget'],
  [
    'What more labels would bring',
    'learning_curve retrain_pays learning_points learning_history teach_first draw_teaching',
  ],
  ['The ledger', 'llm_calls'],
];

interface Relation {
  name: string;
  kind: 'table' | 'view';
  comment: string;
  columns: { name: string; type: string; comment: string }[];
}

interface Routine {
  name: string;
  parameters: string;
  result: string;
  comment: string;
  roles: string | null;
}

const relations = `
  select c.relname as name, case c.relkind when 'v' then 'view' else 'table' end as kind,
         obj_description(c.oid, 'pg_class') as comment,
         (select coalesce(json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
                   'comment', col_description(c.oid, a.attnum)) order by a.attnum), '[]')
            from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
    from pg_class c where c.relnamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace) and c.relkind in ('r', 'v') order by 1`;

const routines = `
  select p.proname as name, pg_get_function_arguments(p.oid) as parameters, pg_get_function_result(p.oid) as result,
         obj_description(p.oid, 'pg_proc') as comment,
         (select string_agg(replace(r, 'taxon_', ''), ', ' order by place)
            from unnest('{taxon_reader,taxon_writer,taxon_admin,taxon_sidecar}'::text[]) with ordinality u(r, place)
            where has_function_privilege(r, p.oid, 'execute')) as roles
    from pg_proc p where p.pronamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace) and p.prorettype <> 'trigger'::regtype order by 1`;

const triggers = `
  select t.tgname as name, t.tgrelid::regclass::text as "table", p.proname as function,
         obj_description(t.oid, 'pg_trigger') as comment, obj_description(p.oid, 'pg_proc') as function_comment
    from pg_trigger t join pg_proc p on p.oid = t.tgfoid
    where p.pronamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace) and not t.tgisinternal order by 2, 1`;

const settings = `select key as name, value::text, description as comment from all_settings where key <> 'sql_sha256' order by key`;

/** A row of a Markdown table. */
const row = (...cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
const table = (head: string[], rows: string[]) =>
  [row(...head), `|${'---|'.repeat(head.length)}`, ...rows].join('\n');
const code = (text: string) => `\`${text}\``;

/** As a person writes it: timestamptz, and `timeout interval default '5 s'` without a cast. */
function plain(declaration: string): string {
  return declaration
    .replaceAll('timestamp with time zone', 'timestamptz')
    .replaceAll(/DEFAULT (NULL|'[^']*')::[\w[\]]+/g, (_, value: string) => `default ${value}`)
    .replaceAll('DEFAULT', 'default')
    .replaceAll('default NULL', 'default null')
    .replace(/^TABLE\(/, 'table (')
    .replace(/^SETOF/, 'setof');
}

function relationText({ name, kind, comment, columns }: Relation): string {
  const rows = columns.map((column) => row(code(column.name), plain(column.type), column.comment));
  const shown = rows.length === 0 ? '' : `\n${table(['column', 'type', ''], rows)}\n`;
  return `### ${kind} \`${name}\`\n\n${comment}\n${shown}`;
}

function routineText({ name, parameters, result, comment, roles }: Routine): string {
  const returns = result === 'void' ? '' : ` → ${code(plain(result))}`;
  return `### ${code(`${name}(${plain(parameters)})`)}\n\n${comment}\n\nFor ${roles ?? 'other functions only'}${returns}\n`;
}

/**
 * The reference manual, made from the COMMENTs in a migrated database.
 *
 * @param sql a session with the schema and the extensions' schema in its search_path
 */
export async function referenceText(sql: Session): Promise<string> {
  const entries = new Map<string, string>();
  for (const relation of await sql.rows<Relation>(relations))
    entries.set(relation.name, relationText(relation));
  for (const routine of await sql.rows<Routine>(routines)) entries.set(routine.name, routineText(routine));
  const take = (name: string) => {
    const text = entries.get(name);
    if (text === undefined) throw new Error(`the reference has a topic for ${name}, which is not there`);
    entries.delete(name);
    return text;
  };
  const parts = [
    '# SQL reference',
    'Made from the COMMENTs in the database by `npm run reference`; in psql `\\df+ taxon.*` and `\\d+ taxon.products` show the same. ' +
      'Roles are short for `taxon_reader`, `taxon_writer`, `taxon_admin` and `taxon_sidecar`; the first and the third may also read every table.',
  ];
  for (const [title, names] of topics) {
    parts.push(`## ${title}`, ...names.split(' ').map(take));
    if (title === 'Settings') {
      const rows = await sql.rows<{ name: string; value: string; comment: string }>(settings);
      parts.push(
        table(
          ['setting', 'default', ''],
          rows.map((s) => row(code(s.name), code(s.value), s.comment)),
        ),
      );
    }
  }
  parts.push(
    '## Internal',
    'What sidecars and the command line use. It may change with any version.',
    ...entries.values(),
    '### Triggers',
  );
  const found = await sql.rows<{
    name: string;
    table: string;
    function: string;
    comment: string;
    function_comment: string;
  }>(triggers);
  parts.push(
    table(
      ['on', 'trigger', '', 'function'],
      found.map((t) =>
        row(
          code(t.table),
          code(t.name),
          t.comment,
          `${code(t.function)}: ${t.function_comment.replace(/^Trigger: /, '')}`,
        ),
      ),
    ),
  );
  return `${parts.map((part) => part.trim()).join('\n\n')}\n`;
}

/** Every object of the schema that has no comment: tables, views, their columns, functions, triggers, types. */
export async function uncommented(sql: Session): Promise<string[]> {
  const found = await sql.rows<{ what: string }>(`
    select format('%s %s', case relkind when 'v' then 'view' else 'table' end, relname) as what
      from pg_class where relnamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace) and relkind in ('r', 'v', 'm', 'p', 'f')
        and obj_description(oid, 'pg_class') is null
    union all
    select format('column %s.%s', c.relname, a.attname)
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where c.relnamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace) and c.relkind in ('r', 'v', 'm', 'p', 'f', 'c')
        and coalesce(col_description(c.oid, a.attnum), '') = ''
    union all
    select format('function %s', oid::regprocedure)
      from pg_proc where pronamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace) and obj_description(oid, 'pg_proc') is null
    union all
    select format('trigger %s', t.tgname)
      from pg_trigger t join pg_class c on c.oid = t.tgrelid
      where c.relnamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace) and not t.tgisinternal and obj_description(t.oid, 'pg_trigger') is null
    union all
    select format('type %s', t.typname)
      from pg_type t left join pg_class c on c.oid = t.typrelid
      where t.typnamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace) and t.typelem = 0 and coalesce(c.relkind, 'c') = 'c'
        and obj_description(t.oid, 'pg_type') is null
    order by 1`);
  return found.map(({ what }) => what);
}
