-- taxon_internal: The three ways to decide again: one product, what became a dead letter, and answers of older models.

create or replace function decide_product_again(product_id bigint, reason text, preview boolean)
  returns table (products bigint, answered_otherwise bigint, asked_of_llm bigint, not_looked_at bigint, tokens bigint, note text)
  language plpgsql security definer set search_path from current as $$
declare
  p products;
  hit labels;
  answered boolean;
begin
  if not preview then perform hold_taxonomy(); end if;
  select x.* into p from products x where x.product_id = decide_product_again.product_id;
  if found and not preview then
    select x.* into p from products x where x.product_id = decide_product_again.product_id for update;
  end if;
  if not found then
    raise exception 'there is no product %', decide_product_again.product_id using errcode = 'no_data_found';
  end if;
  products := 1; answered_otherwise := 0; asked_of_llm := 0; not_looked_at := 0; tokens := null;
  if coalesce(p.name_key, '') = '' then
    products := 0;
    note := 'it has no name, so there is nothing to decide';
    return next;
    return;
  end if;
  select * into hit from exact(p.name_key);
  answered := found;  -- not "hit is not null": that is false where any column is NULL
  if answered then
    answered_otherwise := (hit.category_id is distinct from p.category_id)::integer;
    note := format('memory %s it%s: %s', case when preview then 'would answer' else 'has answered' end,
                   case when preview then '' else ' at once' end, category_path(hit.category_id));
  else
    not_looked_at := 1;
    note := case when preview then 'memory does not know it: the similar layer would be asked, then the local model, then the LLM'
                 else 'memory does not know it: it waits for the other layers' end;
  end if;
  if preview then
    return next;
    return;
  end if;
  update products x set
      state = case when answered then 'done' else 'pending' end,
      source = case when answered then 'exact' end, category_id = hit.category_id,
      (l1, l2, l3) = (select c.l1, c.l2, c.l3 from categories c where c.category_id = hit.category_id),
      similarity = null, matched_key = null, llm_call_id = null, failure = null, inserted_xact = pg_current_xact_id(),
      classified_at = case when answered then now() end
    where x.product_id = p.product_id;
  if p.category_id is not null and (p.category_id, p.source) is distinct from (hit.category_id, case when answered then 'exact' end) then
    insert into product_changes (product_id, before_category_id, before_source, after_category_id, after_source, reason,
                                 before_similarity, before_matched_key, before_llm_call_id)
      values (p.product_id, p.category_id, p.source, hit.category_id, case when answered then 'exact' end, decide_product_again.reason,
              p.similarity, p.matched_key, p.llm_call_id);
  end if;
  if not answered then
    -- also where the name is queued: that entry may be settled and gone before this row is seen as pending
    insert into queue (name_key) values (p.name_key);
    perform wake();
  end if;
  return next;
end $$;
comment on function decide_product_again(bigint, text,
  boolean) is 'decide_again() of one product. Example: select note from decide_product_again(1, ''its label was wrong'', preview => true);';

create or replace function decide_failed_again(product_id bigint, preview boolean)
  returns table (products bigint, answered_otherwise bigint, asked_of_llm bigint, not_looked_at bigint, tokens bigint, note text)
  language plpgsql security definer set search_path from current as $$
declare
  key text := (select p.name_key from products p where p.product_id = decide_failed_again.product_id);
  hashes bytea[];
  p record;
begin
  if decide_failed_again.product_id is not null and key is null then
    raise exception 'there is no product %', decide_failed_again.product_id using errcode = 'no_data_found';
  end if;
  answered_otherwise := 0; asked_of_llm := 0; tokens := null;
  if preview then
    hashes := array(select d.name_hash from dead_letters d where key is null or d.name_hash = name_hash(key));
    products := (select count(*) from products x where name_hash(x.name_key) = any (hashes) and x.state = 'failed');
  else
    with back as (
      delete from dead_letters d where key is null or d.name_hash = name_hash(key) returning d.name_key, d.name_hash
    ), queued as (
      insert into queue (name_key) select b.name_key from back b
    )
    select coalesce(array_agg(b.name_hash), '{}') into hashes from back b;
    products := 0;
    for p in select x.product_id from products x where name_hash(x.name_key) = any (hashes) and x.state = 'failed'
      order by x.product_id loop
      begin
        update products x set state = 'pending', failure = null, inserted_xact = pg_current_xact_id() where x.product_id = p.product_id
          and x.state = 'failed';
        products := products + found::integer;
      exception when others or assert_failure then
        if is_conflict(sqlstate) then raise; end if;
        raise warning 'product % stays failed: %', p.product_id, sqlerrm;
      end;
    end loop;
    if hashes <> '{}' then perform wake(); end if;
  end if;
  not_looked_at := products;
  note := format('%s dead letters %s into the queue', cardinality(hashes), case when preview then 'would go back' else 'went back' end);
  return next;
end $$;
comment on function decide_failed_again(bigint,
  boolean) is 'decide_again() of dead letters: all, or the one of a product''s name. A row that refuses (a trigger of the application) stays failed, with a WARNING. Example: select products, note from decide_failed_again(null, preview => true);';

create or replace function decide_answers_again(branch bigint, since timestamptz, source text, stale_only boolean, most integer,
  reason text, preview boolean)
  returns table (products bigint, answered_otherwise bigint, asked_of_llm bigint, not_looked_at bigint, tokens bigint, note text)
  language plpgsql security definer set search_path from current as $$
declare
  ids bigint[];
  stale bigint[];
  before_moment constant timestamptz := clock_timestamp();
begin
  if coalesce(source, '') not in ('local', 'similar') then
    raise exception 'rows answered by "%" are not decided again here', coalesce(source, 'NULL')
      using hint = case when source in ('exact', 'llm')
        then 'They follow memory: confirm() corrects a label, split_category() has labels asked again.'
                        when source = 'human' then 'A person''s word stands until a person changes it: reject().'
                          else 'source is local or similar.' end,
            errcode = 'invalid_parameter_value';
  elsif branch is not null and not exists (select from categories c where c.category_id = branch) then
    raise exception 'there is no category %', branch using errcode = 'no_data_found';
  elsif stale_only and source <> 'local' then
    raise exception 'only local answers are known to be stale'
      using hint = 'decide_again(source => ''similar'', stale_only => false, preview => true)', errcode = 'invalid_parameter_value';
  end if;
  if source = 'local' and local_mode() <> 'on' then
    raise exception 'the local layer answers nothing now, so the LLM would be asked about all of these rows'
      using hint = 'Why: select * from health(); with a promise: select * from set_promise();',
        errcode = 'object_not_in_prerequisite_state';
  end if;
  perform hold_taxonomy();
  stale := array(select s.product_id from stale_answers(decide_answers_again.branch, decide_answers_again.since) s);
  if stale_only then
    ids := stale[1:most];
  else
    ids := array(select p.product_id from products p
      where p.source = decide_answers_again.source and p.state = 'done'
        and (decide_answers_again.since is null or p.classified_at >= decide_answers_again.since)
        and (decide_answers_again.branch is null
          or exists (select from categories b where b.category_id = p.category_id and b.path_ids @> array[decide_answers_again.branch]))
      order by p.product_id limit most);
  end if;
  select count(*), count(*) filter (where s.would = 'answer otherwise'), count(*) filter (where s.would = 'ask the LLM'),
         count(*) filter (where s.product_id is null
           and not exists (select from second_looks k where k.product_id = i and k.model_id = (select c.model_id from champion() c)))
    into products, answered_otherwise, asked_of_llm, not_looked_at
    from unnest(ids) i left join stale_answers(decide_answers_again.branch, decide_answers_again.since) s on s.product_id = i;
  tokens := (select round(asked_of_llm * c.tokens)::bigint from llm_cost_of_a_name() c);
  if preview then
    note := format('%s rows would be decided again%s', products, case when not_looked_at > 0
      then format('; of %s nobody knows yet how they end', not_looked_at) else '' end);
  else
    perform p.product_id from products p where p.product_id = any (ids) order by p.product_id for update;
    perform ask_again(array(select p.product_id from products p where p.product_id = any (ids) and p.source = decide_answers_again.source
      and p.state = 'done'),
                      'local', decide_answers_again.reason, null);
    note := format('they are decided again from the first layer on; what comes of it: select * from @internal@.product_changes where reason = %L and changed_at >= %L;', decide_answers_again.reason, before_moment);
  end if;
  return next;
end $$;
comment on function decide_answers_again(bigint, timestamptz, text, boolean, integer, text,
  boolean) is 'decide_again() of the local layer''s answers: those of stale_answers(), or with stale_only => false all (of source similar, too). Example: select products, answered_otherwise, asked_of_llm, tokens from decide_answers_again(null, null, ''local'', true, 100, ''a better model'', preview => true);';
