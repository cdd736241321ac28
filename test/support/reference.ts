import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/config.ts';
import { migrationFiles, sqlOrder } from '../../src/database/connection/sql-files.ts';
import type { Session } from './sql.ts';

/** A part of a page: what one file of `sql/` makes, or a migration of the same topic. */
interface Section {
  topic: string;
  /** What the file says of itself in its first line; null for a migration. */
  says: string | null;
  names: string[];
}

interface Relation {
  name: string;
  schema: string;
  kind: 'table' | 'view';
  comment: string;
  columns: { name: string; type: string; comment: string }[];
}

interface Routine {
  name: string;
  schema: string;
  parameters: string;
  names: string[];
  result: string;
  comment: string;
  roles: string | null;
}

const ours = `in ('taxon'::regnamespace, 'taxon_internal'::regnamespace)`;

const relations = `
  select c.relname as name, c.relnamespace::regnamespace::text as schema, case c.relkind when 'v' then 'view' else 'table' end as kind,
         obj_description(c.oid, 'pg_class') as comment,
         (select coalesce(json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
                   'comment', col_description(c.oid, a.attnum)) order by a.attnum), '[]')
            from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
    from pg_class c where c.relnamespace ${ours} and c.relkind in ('r', 'v') order by 1`;

const routines = `
  select p.proname as name, p.pronamespace::regnamespace::text as schema, pg_get_function_arguments(p.oid) as parameters,
         p.proargnames[1:p.pronargs] as names, pg_get_function_result(p.oid) as result, obj_description(p.oid, 'pg_proc') as comment,
         (select string_agg(replace(r, 'taxon_', ''), ', ' order by place)
            from unnest('{taxon_reader,taxon_writer,taxon_admin,taxon_sidecar}'::text[]) with ordinality u(r, place)
            where has_function_privilege(r, p.oid, 'execute')) as roles
    from pg_proc p where p.pronamespace ${ours} and p.prorettype <> 'trigger'::regtype order by 1`;

const triggers = `
  select t.tgname as name, t.tgrelid::regclass::text as "table", p.proname as function,
         obj_description(t.oid, 'pg_trigger') as comment, obj_description(p.oid, 'pg_proc') as function_comment
    from pg_trigger t join pg_proc p on p.oid = t.tgfoid where p.pronamespace ${ours} and not t.tgisinternal order by 2, 1`;

const settings = `select key as name, value::text, description as comment from all_settings where key <> 'sql_sha256' order by key`;

/** What makes what, topic by topic as `sql/order` has them: a topic's migration first, then its files. */
function sections(): Section[] {
  const made = (text: string, found: RegExp) => Array.from(text.matchAll(found), ([, name = '']) => name);
  return sqlOrder().flatMap(({ topic, files }) => [
    ...migrationFiles()
      .filter(({ path }) => path.endsWith(`_${topic}.sql`))
      .map(({ text }) => ({
        topic,
        says: null,
        names: made(text, /^ *create (?:unlogged )?(?:table|function|view) (\w+)/gm),
      })),
    ...files.map((file) => {
      const text = readFileSync(join(packageRoot, file), 'utf8');
      const says = /^-- \w+: (.*)/.exec(text)?.[1] ?? null;
      return { topic, says, names: made(text, /^create or replace (?:function|view) (\w+)/gm) };
    }),
  ]);
}

/** A row of a Markdown table. */
const row = (...cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
const table = (head: string[], rows: string[]) =>
  [row(...head), `|${'---|'.repeat(head.length)}`, ...rows].join('\n');
const code = (text: string) => `\`${text}\``;

/** As a person writes it: timestamptz, and `timeout interval default '5 s'` without a cast. */
function plain(declaration: string): string {
  return declaration
    .replaceAll('timestamp with time zone', 'timestamptz')
    .replaceAll(
      /DEFAULT (NULL|'[^']*')::(?:[\w[\]]|(?<=double) (?=precision))+/g,
      (_, value: string) => `default ${value}`,
    )
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

/** Lines about parameters become a list; the others are paragraphs of their own. */
function commentText(comment: string, parameters: readonly string[]): string {
  const lines = comment.split('\n').map((line) => {
    const [, name, rest] = /^(\w+): (.*)/.exec(line) ?? [];
    if (name !== undefined && parameters.includes(name)) return `- ${code(name)}: ${rest}`;
    if (name === 'Example') return `\n    ${rest}`;
    return `\n${line}`;
  });
  return lines
    .join('\n')
    .replaceAll(/^\n|(\n\n)\n/g, '$1')
    .replace(/(\n)(- )/, '$1\n$2');
}

function routineText({ name, parameters, names, result, comment, roles }: Routine): string {
  const returns = result === 'void' ? '' : ` → ${code(plain(result))}`;
  return `### ${code(`${name}(${plain(parameters)})`)}\n\n${commentText(comment, names ?? [])}\n\nFor ${roles ?? 'other functions only'}${returns}\n`;
}

const madeBy =
  'Made from the COMMENTs in the database by `npm run reference`; in psql `\\df+ taxon.*` and `\\d+ taxon.products` show the same.';

/**
 * The reference manual, made from the COMMENTs in a migrated database: a page a topic for what is public, one for all else,
 * and one that lists them. Public is what stands in the schema `taxon`, and its topic is the folder of the file that makes it.
 *
 * @param sql a session with both schemas and the extensions' schema in its search_path
 * @returns the text of each page by its name in docs/reference/
 */
export async function referencePages(sql: Session): Promise<Map<string, string>> {
  const entries = new Map<string, { isPublic: boolean; text: string }>();
  for (const relation of await sql.rows<Relation>(relations))
    entries.set(relation.name, { isPublic: relation.schema === 'taxon', text: relationText(relation) });
  for (const routine of await sql.rows<Routine>(routines))
    entries.set(routine.name, { isPublic: routine.schema === 'taxon', text: routineText(routine) });
  const publicPages = new Map<string, { names: string[]; parts: string[] }>();
  const internal: string[] = [];
  let heading = '';
  for (const { topic, says, names } of sections()) {
    let said = says;
    for (const name of names) {
      const entry = entries.get(name);
      if (entry === undefined) continue;
      entries.delete(name);
      if (entry.isPublic) {
        const page = publicPages.get(topic) ?? { names: [], parts: [] };
        if (said !== null) page.parts.push(`## ${said.replace(/\.$/, '')}`);
        said = null;
        page.names.push(name);
        page.parts.push(entry.text);
        publicPages.set(topic, page);
      } else {
        if (heading !== topic) internal.push(`## ${topic}`);
        heading = topic;
        internal.push(entry.text);
      }
    }
  }
  const orphans = [...entries].filter(([, { isPublic }]) => isPublic).map(([name]) => name);
  if (orphans.length > 0) throw new Error(`nothing in sql/ or migrations/ makes ${orphans.join(', ')}`);
  internal.push('## taxon migrate', ...[...entries.values()].map(({ text }) => text));
  publicPages.get('ground')?.parts.push('## Settings', await settingsTable(sql));
  internal.push('## Triggers', await triggerTable(sql));
  const text = (parts: string[]) => `${parts.map((part) => part.trim()).join('\n\n')}\n`;
  const pages = new Map(
    [...publicPages].map(([topic, { parts }]) => [
      `${topic}.md`,
      text([`# SQL reference: ${topic}`, madeBy, ...parts]),
    ]),
  );
  pages.set(
    'internal.md',
    text([
      '# SQL reference: internal',
      'The schema `taxon_internal`: what sidecars and the command line use. It may change with any version.',
      madeBy,
      ...internal,
    ]),
  );
  const listed = [...publicPages].map(([topic, { names }]) =>
    row(`[${topic}](${topic}.md)`, names.map(code).join(', ')),
  );
  pages.set(
    'README.md',
    text([
      '# SQL reference',
      'What people and applications type and read stands in the schema `taxon`.',
      madeBy,
      'Roles are short for `taxon_reader`, `taxon_writer`, `taxon_admin` and `taxon_sidecar`; the first and the third may also read every table.',
      table(['topic', 'functions, tables and views'], listed),
      'Settings of the database: [ground](ground.md#settings). Settings of processes: [configuration](configuration.md). What `taxon_internal` holds: [internal](internal.md).',
    ]),
  );
  return pages;
}

async function settingsTable(sql: Session): Promise<string> {
  const rows = await sql.rows<{ name: string; value: string; comment: string }>(settings);
  return table(
    ['setting', 'default', ''],
    rows.map((s) => row(code(s.name), code(s.value), s.comment)),
  );
}

async function triggerTable(sql: Session): Promise<string> {
  const found = await sql.rows<{
    name: string;
    table: string;
    function: string;
    comment: string;
    function_comment: string;
  }>(triggers);
  return table(
    ['on', 'trigger', '', 'function'],
    found.map((t) =>
      row(
        code(t.table),
        code(t.name),
        t.comment,
        `${code(t.function)}: ${t.function_comment.replace(/^Trigger: /, '')}`,
      ),
    ),
  );
}

/**
 * What is missing in the comments of public functions: a sentence first, a line about each parameter, what is raised, and an
 * example last.
 */
export async function unexplained(sql: Session): Promise<string[]> {
  const found = await sql.rows<{ name: string; names: string[]; comment: string; body: string }>(
    `select p.proname as name, coalesce(p.proargnames[1:p.pronargs], '{}') as names, coalesce(obj_description(p.oid, 'pg_proc'), '') as comment, p.prosrc as body
       from pg_proc p where p.pronamespace = 'taxon'::regnamespace and p.prorettype <> 'trigger'::regtype order by 1`,
  );
  return found.flatMap(({ name, names, comment, body }) => {
    const lines = comment.split('\n');
    const missing = names.filter((parameter) => !lines.some((line) => line.startsWith(`${parameter}: `)));
    return [
      ...(/^[A-Z].*[.:]$/.test(lines[0] ?? '') ? [] : [`${name}: no sentence first`]),
      ...missing.map((parameter) => `${name}: nothing of ${parameter}`),
      ...(/raise exception/.test(body) && !/^Errors: .*\b[0-9A-Z]{5}\b/m.test(comment)
        ? [`${name}: no errors`]
        : []),
      ...(/^Example: select .*;$/.test(lines.at(-1) ?? '') ? [] : [`${name}: no example last`]),
    ];
  });
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
