-- taxon_internal: Keys of attached tables: of several columns and most types, as text on their way, typed where they rest.
--
-- What a session has set must not change the text, so dates are written out. Everything carries its schema: a part of it is
-- written into the triggers' functions, which run inside the owner's statements.

create or replace function key_part(type_name text, ref text) returns text
  language sql immutable parallel safe
begin atomic
  select case when type_name = 'date' then format('pg_catalog.to_char(%s, ''YYYY-MM-DD'')', ref)
              when type_name like 'timestamp%without time zone' then format('pg_catalog.to_char(%s, ''YYYY-MM-DD HH24:MI:SS.US'')', ref)
              when type_name like 'timestamp%with time zone'
                then format('(pg_catalog.to_char(pg_catalog.timezone(''UTC'', %s), ''YYYY-MM-DD HH24:MI:SS.US'') operator(pg_catalog.||) ''+00'')',
                  ref)
              else format('%s::pg_catalog.text', ref) end;
end;
comment on function key_part(text, text) is 'SQL that writes one column of a key as text. Example: key_part(''bigint'', ''x.id'') is x.id::pg_catalog.text.';

create or replace function key_text(types text[], refs text[]) returns text
  language sql immutable parallel safe
begin atomic
  select case when cardinality(types) = 1 then key_part(types[1], refs[1])
              else format('(array[%s]::pg_catalog.text[])::pg_catalog.text',
                (select string_agg(key_part(u.t, u.r), ', ' order by u.i) from unnest(types, refs) with ordinality u(t, r, i))) end;
end;
comment on function key_text(text[], text[]) is 'SQL that writes a key as text: one column as it is, several as an array. Example: key_text(''{bigint}'', ''{x.id}'') is x.id::pg_catalog.text.';

create or replace function key_values(types text[], ref text) returns text[]
  language sql immutable parallel safe
begin atomic
  select case when cardinality(types) = 1 then array[format('%s::%s', ref, types[1])]
              else (select array_agg(format('(%s::text[])[%s]::%s', ref, u.i, u.t) order by u.i)
                      from unnest(types) with ordinality u(t, i)) end;
end;
comment on function key_values(text[], text) is 'SQL that reads the columns of a key out of its text. Example: key_values(''{bigint,uuid}'', ''u'') is {(u::text[])[1]::bigint,(u::text[])[2]::uuid}.';

create or replace function key_list(columns text[], alias text) returns text
  language sql immutable parallel safe
begin atomic
  select string_agg(format('%s.%I', alias, u.c), ', ' order by u.i) from unnest(columns) with ordinality u(c, i);
end;
comment on function key_list(text[], text) is 'The columns of a key as SQL, each of an alias. Example: key_list(''{a,b}'', ''x'') is x.a, x.b.';

create or replace function key_names(columns text[]) returns text[]
  language sql immutable parallel safe
begin atomic
  select array_agg('k' || i order by i) from generate_subscripts(columns, 1) i;
end;
comment on function key_names(text[]) is 'What our own tables call the columns of a key: k1, k2 and so on. Example: key_names(''{id,day}'') is {k1,k2}.';

create or replace function attached_table(attached_id integer) returns text
  language sql immutable parallel safe
begin atomic
  select format('@internal@.attached_%s', attached_id);
end;
comment on function attached_table(integer) is 'The table of an attached table''s keys and products, with its schema. Example: attached_table(1) ends in attached_1.';
