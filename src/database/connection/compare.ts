import type pg from 'pg';
import { messageOf, TaxonError } from '../../errors.ts';
import { log } from '../../log.ts';
import { catalogue } from './catalogue.ts';
import { wasBeaten } from './give-way.ts';
import { internalSchema } from './schemas.ts';

/** Something that is not as migrate left it, for instance after a restore. */
interface Difference {
  /** As in the table schema_objects. */
  object: string;
  missing: boolean;
  /** One line for people. */
  text: string;
  /** The statement that makes it again, where one can and the repeatable SQL does not. */
  repair: string | null;
}

/** What the schema is made of and what it should be made of. */
export interface Comparison {
  differences: Difference[];
  /** Objects that were recorded; empty: migrate has recorded nothing here yet. */
  recorded: string[];
  /** Objects that are here, the user's own included. */
  present: string[];
}

interface Made {
  object: string;
  definition: string;
  repair: string | null;
}

/** With one of these changed the server describes the same objects in other words. */
const isFrame = (object: string) => /^(schema \w+|search path|server)$/.test(object);

/** Runs `work` with the schema's own search_path, in a transaction of its own. */
async function inPath<T>(client: pg.Client, path: string, work: () => Promise<T>): Promise<T> {
  await client.query('begin');
  try {
    await client.query(`set local search_path = ${path}`);
    const result = await work();
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

/** Compares the schema with what migrate recorded of it; no difference where nothing is recorded. */
export async function compareSchema(client: pg.Client, schema: string, path: string): Promise<Comparison> {
  return await inPath(client, path, async () => {
    const there = await client.query('select where to_regclass($1) is not null', [
      `"${internalSchema(schema)}".schema_objects`,
    ]);
    if (there.rowCount === 0) return { differences: [], recorded: [], present: [] };
    const recorded = (await client.query<Made>('select object, definition, repair from schema_objects')).rows;
    const present = (await client.query<Made>(catalogue)).rows;
    return {
      differences: recorded.length === 0 ? [] : differencesOf(recorded, present),
      recorded: recorded.map(({ object }) => object),
      present: present.map(({ object }) => object),
    };
  });
}

/**
 * What is compared. An expression comes out of a dump and a restore with other parentheses and names of columns, and the
 * same meaning; a body that is text stays as it is.
 */
function essence({ object, definition }: Made): string {
  const text = /^(function|comment on|privileges of) /.test(object) && !definition.includes('BEGIN ATOMIC');
  return text ? definition : definition.replace(/ AS "?\w+"?|[\s()]/g, '');
}

/** Made by the same statement, or there before. */
const schemas = ['schema public', 'schema internal'];

/** What an object cannot be without: one of these. */
function parentsOf(object: string): string[] {
  const [, part, of = ''] =
    /^(privileges of|comment on|default of|column|constraint|trigger) (.*)/.exec(object) ?? [];
  if (part === undefined) return [object, ...schemas];
  if (part === 'default of') return [`column ${of}`];
  if (part === 'column') return ['table', 'view'].map((kind) => `${kind} ${of.split('.')[0]}`);
  if (part === 'constraint' || part === 'trigger') return [`table ${of.split(' on ').at(-1)}`];
  return [of];
}

function differencesOf(recorded: readonly Made[], present: readonly Made[]): Difference[] {
  const is = new Map(present.map((made) => [made.object, made]));
  const reframed = recorded.some(
    ({ object, definition }) => isFrame(object) && is.get(object)?.definition !== definition,
  );
  const found: Difference[] = [];
  for (const made of recorded) {
    const { object, definition } = made;
    // of a function that is one and the same
    const repair = made.repair ?? (object.startsWith('function ') ? definition : null);
    const now = is.get(object);
    if (now !== undefined && essence(now) === essence(made)) continue;
    const privileges = object.startsWith('privileges of ');
    // what is gone takes its columns, comments and privileges with it: said once
    if (now === undefined && !parentsOf(object).some((parent) => is.has(parent))) continue;
    if (now !== undefined && reframed && !privileges && !isFrame(object)) continue;
    const told = privileges || isFrame(object);
    found.push({
      object,
      missing: now === undefined,
      text:
        now === undefined
          ? `${object} is missing`
          : told
            ? `${object}: ${now.definition}, not ${definition}`
            : `${object} was changed`,
      repair,
    });
  }
  return found.sort((a, b) => (a.object < b.object ? -1 : 1));
}

/** Kinds that no repeatable SQL makes. */
const onceOnly = /^(table|column|sequence|constraint|index|default of) /;

/**
 * Makes again what has a statement for it; what needs another to be there first waits for it. What else was changed is
 * left to the repeatable SQL.
 *
 * @returns the comparison afterwards
 * @throws TaxonError when something is lost for good; nothing is made then
 */
export async function repairSchema(
  client: pg.Client,
  schema: string,
  path: string,
  found: Comparison,
): Promise<Comparison> {
  const mendable = ({ object, missing }: Difference) => missing || /^(default of|comment on) /.test(object);
  let left = found.differences.filter((difference) => mendable(difference));
  await inPath(client, path, async () => {
    for (let before = -1; left.length > 0 && left.length !== before; ) {
      before = left.length;
      const failed: Difference[] = [];
      for (const difference of left) {
        const problem = await attempt(client, difference.repair);
        if (problem !== null) failed.push({ ...difference, text: `${difference.text}${problem}` });
      }
      left = failed;
    }
    const lost = left.filter(({ object }) => onceOnly.test(object));
    if (lost.length === 0) return;
    const rows = lost.some(({ object }) => /^(table|column) /.test(object));
    throw new TaxonError(`the schema "${schema}" is not whole: ${inWords(lost.map(({ text }) => text))}`, {
      hint: rows
        ? 'Restore it again, into a database with the extensions vector and pg_trgm in the schemas that they had.'
        : 'Mend what stands in the way, then again: taxon migrate',
    });
  });
  return await compareSchema(client, schema, path);
}

/** Runs one statement if there is one; says why it is not done. */
async function attempt(client: pg.Client, statement: string | null): Promise<string | null> {
  if (statement === null) return '';
  await client.query('savepoint repair');
  try {
    await client.query(statement);
    await client.query('release savepoint repair');
    return null;
  } catch (error) {
    await client.query('rollback to savepoint repair');
    if (wasBeaten(error)) throw error; // all of it is tried again
    return ` (${messageOf(error)})`;
  }
}

/**
 * Records what the schema is made of now, inside the transaction that made it. The user's own objects, which were there
 * before and are not recorded, stay out.
 */
export async function recordSchema(client: pg.Client, before: Comparison): Promise<void> {
  // migrations that end before the table, which tests of upgrades begin with
  if ((await client.query(`select where to_regclass('schema_objects') is null`)).rowCount === 1) return;
  for (const { object } of before.differences)
    if (onceOnly.test(object)) log.warn('not as pgtaxon made it, left as it is', { object });
  const known = new Set(before.recorded);
  const theirs = known.size === 0 ? [] : before.present.filter((object) => !known.has(object));
  await client.query('delete from schema_objects');
  await client.query(
    `insert into schema_objects (object, definition, repair)
       select c.object, c.definition, c.repair from (${catalogue}) c where c.object <> all ($1)`,
    [theirs],
  );
}

/** A few of them, and how many more. */
export function inWords(texts: readonly string[], most = 8): string {
  const more = texts.length - most;
  return texts.slice(0, most).join('; ') + (more > 0 ? `; and ${more} more` : '');
}
