/** One way to insert. */
export interface Case {
  id: string;
  what: string;
  /** Rows of one statement. */
  rows: number;
  clients: number;
  /** The statement; `:n` is a number drawn anew, FILE a file of 10,000 names. */
  sql: string;
  /** In each database before the case, and after it. */
  before?: string[];
  after?: string[];
}

const name = `'Samsung Galaxy чохол ' || :n || ' Black 128 GB'`;
const bulk = `insert into taxon.products (name) select ${name} || ' ' || i from generate_series(1, 1000) i`;
const single = `insert into taxon.products (name) values (${name})`;
/** A sidecar that sleeps, as heartbeats leave it; nothing inserts beside them. */
const sleeping = `do $$ begin
  insert into taxon_internal.sidecars (worker, host, pid, version, listening, idle, seen_at) values ('bench', 'here', 1, '', true, true, now() + interval '1 h');
  if to_regproc('taxon_internal.note_idle') is not null then perform taxon_internal.note_idle(); end if;
end $$`;
const awake = sleeping.replace(/insert into .*;/, 'delete from taxon_internal.sidecars;');
const million = [
  'alter table taxon.products disable trigger user',
  `insert into taxon.products (name) select 'waiting ' || i from generate_series(1, 1000000) i`,
  `insert into taxon_internal.queue (name_key) select 'waiting ' || i from generate_series(1, 1000000) i`,
  'alter table taxon.products enable trigger user',
  'vacuum analyze taxon.products, taxon_internal.queue',
];
const empty = ['truncate taxon.products, taxon_internal.queue'];

export const cases: readonly Case[] = [
  { id: 'single', what: 'new names, a row a statement', rows: 1, clients: 8, sql: single },
  { id: 'bulk', what: 'new names, 1,000 rows a statement', rows: 1000, clients: 8, sql: bulk },
  { id: 'single-1', what: 'new names, a row a statement', rows: 1, clients: 1, sql: single },
  { id: 'bulk-1', what: 'new names, 1,000 rows a statement', rows: 1000, clients: 1, sql: bulk },
  {
    id: 'hits',
    what: 'known names, a row a statement',
    rows: 1,
    clients: 8,
    sql: `insert into taxon.products (name) values ('Known  name ' || 1 + :n % 100000)`,
  },
  {
    id: 'hits-bulk',
    what: 'known names, 1,000 rows a statement',
    rows: 1000,
    clients: 8,
    sql: `insert into taxon.products (name) select 'known name ' || 1 + (:n + i) % 100000 from generate_series(1, 1000) i`,
  },
  {
    id: 'copy',
    what: 'COPY of 10,000 new names',
    rows: 10_000,
    clients: 1,
    sql: `copy taxon.products (name) from 'FILE'`,
  },
  {
    id: 'notify',
    what: 'new names, a row a statement, each with a NOTIFY',
    rows: 1,
    clients: 8,
    sql: single,
    before: [sleeping],
    after: [awake],
  },
  {
    id: 'notify-bulk',
    what: 'new names, 1,000 rows a statement, each with a NOTIFY',
    rows: 1000,
    clients: 8,
    sql: bulk,
    before: [sleeping],
    after: [awake],
  },
  {
    id: 'million',
    what: 'new names, a row a statement, a million wait',
    rows: 1,
    clients: 8,
    sql: single,
    before: million,
    after: empty,
  },
  {
    id: 'million-bulk',
    what: 'new names, 1,000 rows a statement, a million wait',
    rows: 1000,
    clients: 8,
    sql: bulk,
    before: million,
    after: empty,
  },
];
