-- Up Migration
-- normalise() and name_hash() are no repeatable SQL: stored columns hold their results, so they can never change in place.

do $do$
declare
  -- The collation of lower() is named, as that of a C-locale database leaves Cyrillic alone: ICU's root, else pg_unicode_fast,
  -- which lower-cases all that the tests ask as ICU does.
  of_the_server constant text := coalesce(to_regcollation('pg_catalog."und-x-icu"'), to_regcollation('pg_catalog.pg_unicode_fast'));
  -- Ranges of Latin, Cyrillic and punctuation where nothing is folded and whose lower case composes with nothing.
  plain constant text := '[^\0020-\007E\00A1-\00AC\00AE-\012F\0131-\02BB\02BD-\02FF\0400-\0482\048A-\052F\2010-\2018\201A-\2027\2116\2122]';
begin
  if of_the_server is null then
    raise exception 'this PostgreSQL has neither ICU nor, as version 18 has, the collation pg_unicode_fast'
      using errcode = 'feature_not_supported', hint = 'Take one that was built with ICU, as all packages are, or version 18.';
  end if;
  -- Strips what is invisible, folds U+2019 and U+02BC to ', makes every run of white space one plain space and trims; most
  -- names need none of it, and one look tells (100,000 titles: .4 s; .8 where all need it). The ranges are of code points, by the
  -- collation "C", so that no locale changes them. NFC comes last: lower-casing can leave a pair that composes (J + caron).
  execute replace($create$
    create function normalise_unusual(name text) returns text
      -- A function with a setting is never written into the statement; else each INSERT would read and plan this one too, 8 µs.
      language sql immutable strict parallel safe set jit = off
    begin atomic
      select normalize(lower(
        case when name collate "C" ~ U&'[\0009-\000D\0085\00A0\00AD\02BC\034F\061C\1680\2000-\200F\2019\2028-\202F\205F-\206F\3000\FE00-\FE0F\FEFF]|^ | $|  '
          then btrim(regexp_replace(regexp_replace(translate(name, U&'\2019\02BC', '''''') collate "C",
            U&'[\00AD\034F\061C\200B-\200F\202A-\202E\2060-\206F\FE00-\FE0F\FEFF]+', '', 'g'),
            U&'[\0009-\000D \0085\00A0\1680\2000-\200A\2028\2029\202F\205F\3000]+', ' ', 'g'), ' ')
          else name end collate that_of_the_server), nfc);
    end $create$, 'that_of_the_server', of_the_server);
  -- Names of nothing but usual characters and single spaces go without normalize(), which takes 10 of 11 µs; the results are the
  -- same. Not strict, though NULL gives NULL: PostgreSQL inlines no strict function whose body has a CASE, and one that is not
  -- inlined is planned anew in every INSERT's transaction.
  execute replace(replace($create$
    create function normalise(name text) returns text
      language sql immutable parallel safe
    begin atomic
      select case when name collate "C" ~ U&'plain' or ' ' || name || ' ' like '%  %' then normalise_unusual(name)
                  else lower(name collate that_of_the_server) end;
    end $create$, 'that_of_the_server', of_the_server), 'plain', plain);
end $do$;
comment on function normalise_unusual(text) is 'What normalise() does with names that have anything but usual characters and single spaces.';
comment on function normalise(text) is
  'Makes the name key of a name, the unit of work: two names of one key have one answer.
name: the name; NULL gives NULL.
Returns: the name with invisible characters stripped (U+00AD, U+034F, U+061C, U+200B to U+200F, U+202A to U+202E, U+2060 to U+206F, U+FE00 to U+FE0F, U+FEFF), U+2019 and U+02BC folded to the apostrophe, white space trimmed and collapsed, lower-cased by und-x-icu (pg_unicode_fast on a server without ICU), composed (NFC). The same as normalise() in src/normalise.ts.
Example: select normalise('' Red  Kettle '');';

create function name_hash(name_key text) returns bytea
  language sql immutable strict parallel safe
begin atomic
  -- A B-tree refuses keys over 2,704 bytes (2,000 random Cyrillic letters), so unique keys on names use this digest.
  -- sha256 and not md5: md5() raises an error on servers in FIPS mode. The bytes in a form that PostgreSQL writes into the statement:
  -- convert_to() is not immutable, so each call was a query of its own, 3.8 µs for 2.3. The encoding is UTF8 (migrate refuses others).
  select sha256(decode(replace(name_key, '\', '\\'), 'escape'));
end;
comment on function name_hash(text) is 'sha256 of a name key (32 bytes): what indexes and unique keys on names hold.';
-- people type and read it
do $$ begin execute format('alter function normalise(text) set schema %I', (current_schemas(false))[2]); end $$;

-- A setting says itself what it takes: set_setting() asks nothing else. A topic brings its own rows.
create table all_settings (
  key text primary key,
  value jsonb not null,
  description text not null,
  kind text not null default 'internal'
    check (kind in ('switch', 'number', 'whole', 'choice', 'text', 'cron', 'branches', 'internal')),
  least numeric,
  most numeric,
  choices text[],
  unit text,
  nullable boolean not null default false,
  or_zero boolean not null default false,
  topic text,
  audience text not null default 'internal' check (audience in ('everyday', 'expert', 'internal')),
  changed_with text,
  changed_at timestamptz not null default now(),
  changed_by text,
  reason text,
  check ((choices is not null) = (kind = 'choice'))
);
comment on table all_settings is 'What all processes agree on, and what each setting takes; change with set_setting(key, value, reason).';
comment on column all_settings.key is 'The setting''s name.';
comment on column all_settings.value is 'Its value.';
comment on column all_settings.description is 'What it does.';
comment on column all_settings.kind is 'switch (true or false), number, whole (number), choice, text, cron (a schedule), branches (ids of top categories), or internal: written by pgtaxon alone.';
comment on column all_settings.least is 'Least number that it takes; NULL: no bound.';
comment on column all_settings.most is 'Largest number that it takes; NULL: no bound.';
comment on column all_settings.choices is 'What a choice may be.';
comment on column all_settings.unit is 'What a number counts.';
comment on column all_settings.nullable is 'Whether null is a value: no limit.';
comment on column all_settings.or_zero is 'Whether 0 is a value as well, below least.';
comment on column all_settings.topic is 'The topic that it belongs to, as in sql/order.';
comment on column all_settings.audience is 'everyday: the view settings shows it; expert; internal: set_setting() does not know it.';
comment on column all_settings.changed_with is 'The call that changes it instead of set_setting(); NULL: set_setting().';
comment on column all_settings.changed_at is 'When it was last changed.';
comment on column all_settings.changed_by is 'Who changed it last; NULL: never changed.';
comment on column all_settings.reason is 'Why, in words, if anybody said so.';

-- What pgtaxon made here, so that what a restore or a hand has lost is seen and mended.
create table schema_objects (
  object text primary key,
  definition text not null,
  repair text
);
comment on table schema_objects is 'Every object that taxon migrate made in this schema, as the catalogue described it afterwards: taxon migrate --check compares.';
comment on column schema_objects.object is 'Which: its kind and its name without the schema, or the comment on it, or its privileges.';
comment on column schema_objects.definition is 'What the catalogue said of it; privileges are those of PUBLIC and of the four roles.';
comment on column schema_objects.repair is 'The statement that makes it again; NULL: the definition of a function, or the repeatable SQL does, or nothing can, as with a table and its rows.';

-- What is done one at a time is held as a lock on an empty table. An advisory lock could be held by any login of the database, whose
-- own locks may have the same number; these need rights that only the owner's functions have, and queue in order as those do.
create table taxonomy_lock ();
create table settling_lock ();
create table models_lock ();
create table rollouts_lock ();
create table thresholds_lock ();
create table guard_lock ();
create table runs_lock ();
create table drift_lock ();
create table checks_lock ();
create table import_lock ();
create table intake_lock ();
comment on table taxonomy_lock is 'Always empty. Shared by what writes categories into rows and labels, held alone by changes of the taxonomy.';
comment on table settling_lock is 'Always empty. Shared by what settles a model''s answers, held alone by what takes a model back.';
comment on table models_lock is 'Always empty. Held by what promotes, rolls back or removes models.';
comment on table rollouts_lock is 'Always empty. Held by what advances the rollout.';
comment on table thresholds_lock is 'Always empty. Held by what sets thresholds and promises.';
comment on table guard_lock is 'Always empty. Held by what learns the guard''s words, and by forget().';
comment on table runs_lock is 'Always empty. Held by what starts a training.';
comment on table drift_lock is 'Always empty. Held by what looks for drift.';
comment on table checks_lock is 'Always empty. Held by what draws names to check.';
comment on table import_lock is 'Always empty. Held by an import of labels.';
comment on table intake_lock is 'Always empty. Held by what takes in new rows.';
