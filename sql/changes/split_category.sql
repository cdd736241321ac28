-- taxon: A category is split: new ones below it, and its names are asked again, within a budget of tokens.

create or replace function split_category(category_id bigint, names text[] default null, max_tokens bigint default 100000,
  products boolean default false,
    reason text default null, preview boolean default false, external_ids text[] default null) returns taxonomy_changes
  language plpgsql security definer set search_path from current as $$
declare
  made bigint[];
  c taxonomy_changes;
begin
  if max_tokens is null or max_tokens < 0 then
    raise exception 'max_tokens must be 0 or more, not %', coalesce(max_tokens::text, 'NULL') using errcode = 'invalid_parameter_value';
  end if;
  if not preview then perform lock_taxonomy(array[split_category.category_id]); end if;
  perform need_category(category_id);
  c := unfinished_split(split_category.category_id, names);
  if c.taxonomy_change_id is not null then
    c.max_tokens := split_category.max_tokens;
    if not preview then
      update taxonomy_changes x set max_tokens = c.max_tokens where x.taxonomy_change_id = c.taxonomy_change_id;
      perform ask_questions();
    end if;
    return c;
  end if;
  if coalesce(cardinality(names), 0) = 0 or cardinality(names) <> (select count(distinct normalise(n)) from unnest(names) n) then
    raise exception 'a split needs the names of the new categories, each once'
      using hint = format('select * from split_category(%s, array[''…'', ''…'']);', category_id), errcode = 'invalid_parameter_value';
  end if;
  perform refuse_same_name(split_category.category_id, n) from unnest(names) n;
  if cardinality(external_ids) <> cardinality(names) then
    raise exception '% names and % external_ids', cardinality(names), cardinality(external_ids)
      using hint = 'Give one id for each name, in the same order; NULL where a category has none.', errcode = 'invalid_parameter_value';
  end if;
  perform refuse_same_id(external_ids);
  if not preview then
    with written as (
      insert into categories (parent_id, name, external_id, path_ids, level, l1)
        select split_category.category_id, n, e, '{}', 0, 0 from unnest(names, external_ids) with ordinality u(n, e, i) order by i
          returning categories.category_id
    )
    select array_agg(w.category_id order by w.category_id) into made from written w;
  end if;
  c := note_change('split', category_id, '{}', array[split_category.category_id], jsonb_build_object('made', made), reason, preview,
    max_tokens);
  c.note := case when c.human_labels > 0 then format('%s labels are of people and stay: select name_key from taxonomy_questions where taxonomy_change_id = %s and state = ''person'';',
                                                     c.human_labels, coalesce(c.taxonomy_change_id::text, '…')) end;
  if preview then return c; end if;
  insert into taxonomy_questions (taxonomy_change_id, name_key, category_id, state, settled_at)
    select c.taxonomy_change_id, l.name_key, l.category_id, case when l.source = 'human' then 'person' else 'waiting' end,
           case when l.source = 'human' then now() end
      from labels l where l.category_id = split_category.category_id
    union all
    -- rows that no label answered: similar and local
    select c.taxonomy_change_id, p.name_key, split_category.category_id, 'waiting', null
      from products p where split_category.products and p.category_id = split_category.category_id and p.state = 'done'
        and p.source <> 'human'
        and not exists (select from labels l where l.name_hash = name_hash(p.name_key))
      group by p.name_key;
  update taxonomy_changes x set note = c.note, settled_at = now() where x.taxonomy_change_id = c.taxonomy_change_id;
  perform ask_questions();
  return c;
end $$;
comment on function split_category(bigint, text[], bigint, boolean, text, boolean, text[]) is
  'Makes categories below one and has the LLM asked again which of them each of its labels is.
category_id: the category that is split; it stays in use.
names: names of the new categories; NULL (the default), or the same names again: goes on with a split of it that is not finished.
max_tokens: how many LLM tokens it may cost in all, 100000 by default; called again with more it goes on, with 0 it stops.
products: true: also each row that the similar or local layer answered is asked about. Default false.
reason: why; NULL by default.
preview: true: shows what it would touch and changes nothing. Default false.
external_ids: your own ids of the new categories, one for each name, by which imports find them; NULL by default.
Returns: the row of history; taxonomy_progress shows how far it has come. Until a name is asked, and where none of the new categories fits, its label stands and answers. Labels of people are never changed, but listed.
Errors: P0002 where there is no such category; 55000 where it is retired or has one of the names below it, or a category has one of the ids; 22023 where the names are not each once, there are more or fewer ids, or max_tokens is below 0; 55P03 while another transaction uses the taxonomy.
Example: select labels, human_labels from split_category(7, array[''Electric kettles'', ''Stove kettles''], preview => true);';
grant execute on function split_category to taxon_admin;

create or replace view taxonomy_progress with (security_invoker) as
  select c.taxonomy_change_id, category_path(c.category_id) as path, n.waiting, n.asked, n.moved, n.kept, n.person, n.other, t.tokens,
    c.max_tokens,
         case when c.undone_at is not null then 'undone' when n.waiting + n.asked = 0 then 'done'
              when n.asked = 0 and c.max_tokens - t.tokens < t.each then 'its budget is used up: split_category(), with more max_tokens'
                else 'asking' end as state
    from taxonomy_changes c
    cross join lateral split_tokens(c.taxonomy_change_id) t
    cross join lateral (
      select count(*) filter (where k.state = 'waiting') as waiting, count(*) filter (where k.state = 'asked') as asked,
             count(*) filter (where k.state = 'moved') as moved, count(*) filter (where k.state = 'kept') as kept,
             count(*) filter (where k.state = 'person') as person, count(*) filter (where k.state in ('failed', 'dropped')) as other
        from taxonomy_questions k where k.taxonomy_change_id = c.taxonomy_change_id) n
    where c.kind = 'split' order by c.taxonomy_change_id desc;
comment on view taxonomy_progress is 'How far splits have come, the newest first.';
comment on column taxonomy_progress.taxonomy_change_id is 'The split.';
comment on column taxonomy_progress.path is 'What was split.';
comment on column taxonomy_progress.waiting is 'Names that are not asked yet; they answer with their old label.';
comment on column taxonomy_progress.asked is 'Names that wait for the LLM.';
comment on column taxonomy_progress.moved is 'Names that have a new category.';
comment on column taxonomy_progress.kept is 'Names that none of the new categories fits.';
comment on column taxonomy_progress.person is 'Names left to people: their own labels, and names that may not be sent.';
comment on column taxonomy_progress.other is 'Names whose label changed meanwhile, or that were asked in vain too often.';
comment on column taxonomy_progress.tokens is 'Tokens that it has cost.';
comment on column taxonomy_progress.max_tokens is 'Tokens that it may cost.';
comment on column taxonomy_progress.state is 'asking, done, undone, or why it rests.';
grant select on taxonomy_progress to taxon_reader, taxon_admin;
