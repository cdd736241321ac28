-- taxon_internal: The shop's own categories of its rows. What stands there when a row is first seen is history: labels of source import.
-- What the shop changes later is a person's word. What pgtaxon has answered itself never becomes a label.

create or replace function note_history(names text[], category_ids bigint[], times timestamptz[]) returns text[]
  language plpgsql security definer set search_path from current as $$
declare
  written text[];
begin
  perform hold_taxonomy();
  with said as (
    select normalise(u.name) as key, in_use(u.category_id) as category_id, u.at
      from unnest(names, category_ids, times) u(name, category_id, at)
  ), best as (
    -- of several rows of one name the category that most have, then the newest
    select distinct on (s.key) s.key, s.category_id, min(s.at) as since, max(s.at) as last
      from said s where s.key <> '' and s.category_id is not null
      group by s.key, s.category_id order by s.key, count(*) desc, max(s.at) desc nulls last, s.category_id
  ), noted as (
    insert into labels as l (name_key, category_id, source, labelled_at)
      select b.key, b.category_id, 'import', b.since from best b order by name_hash(b.key)
      on conflict (name_hash) do update
        set category_id = excluded.category_id, source = 'import', confidence = null, llm_call_id = null, updated_at = clock_timestamp(),
            labelled_at = case when l.category_id = excluded.category_id then least(l.labelled_at, excluded.labelled_at)
                               else excluded.labelled_at end
        where case when l.source = 'human' then false
                   when l.category_id = excluded.category_id then excluded.labelled_at < coalesce(l.labelled_at, 'infinity')
                   -- as an import has it; of two shops' rows without a time the first stays
                   else excluded.labelled_at > coalesce(l.labelled_at, l.created_at) or l.source = 'llm' and l.labelled_at is null end
      returning l.name_key
  )
  select array_agg(n.name_key) into written from noted n;
  return coalesce(written, '{}');
end $$;
comment on function note_history(text[], bigint[],
  timestamptz[]) is 'What rows of an attached table say of their names becomes memory, source import: of one name the category that most of these rows have, then the newest; a person''s label stays, and so does one that is newer. Returns the name keys whose label is new or changed. Example: select note_history(''{Kettle}'', array[3]::bigint[], array[now()]);';

create or replace function note_words(product_ids bigint[], category_ids bigint[]) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  said record;
  noted integer := 0;
begin
  for said in
    select p.product_id, p.name_key, p.category_id as answer, in_use(u.category_id) as truth
      from unnest(product_ids, category_ids) u(product_id, category_id) join products p on p.product_id = u.product_id
      where p.name_key <> '' and in_use(u.category_id) is not null
        -- what pgtaxon has answered itself, and somebody has only copied
        and not coalesce(p.category_id = in_use(u.category_id) and p.source <> 'human', false)
      order by name_hash(p.name_key)
  loop
    perform settle_verdict(said.name_key, said.product_id, said.answer, said.truth);
    noted := noted + 1;
  end loop;
  return noted;
end $$;
comment on function note_words(bigint[], bigint[]) is 'A category that the shop gave one of its rows itself, afterwards, counts as confirm() does: it becomes the label of the name, and rows that say otherwise are corrected. One that is the row''s answer already says nothing new. Returns how many counted. Example: select note_words(array[501], array[3]::bigint[]);';
