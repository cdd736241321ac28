-- Re-decisions after a promotion: waiting names first, then a list of old answers that the new champion would change.

create or replace function try_waiting(most integer default 500) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  tried integer;
begin
  if local_mode() <> 'on' then return 0; end if;
  -- those that wait for the local layer come first
  if (select count(*) from (select from queue q where q.stage = 'local' and q.available_at <= now() limit most) q) >= most then return null; end if;
  -- Free entries only; one that a person sent to the LLM, as the lower layers were wrong, has a history and stays.
  with old as (
    select q.queue_id from queue q
      where q.stage = 'llm' and q.purpose = 'answer' and q.created_at < (select m.promoted_at from models m where m.state = 'champion')
        and q.worker is null
        and not exists (select from products p join product_changes x using (product_id) where name_hash(p.name_key) = q.name_hash and p.state = 'pending')
      order by q.created_at limit most for update skip locked
  )
  update queue q set stage = 'local', branch = null, shortlist = null, odds = null, next = null, attempts = 0, last_error = null, available_at = clock_timestamp()
    from old where q.queue_id = old.queue_id;
  get diagnostics tried = row_count;
  if tried > 0 then perform wake(); end if;
  return tried;
end $$;
comment on function try_waiting(integer) is 'Gives names that were passed on to the LLM before the champion was promoted, and wait for it still, to the local layers again, the oldest first, at most so many; returns how many, NULL: as many wait for the local layer already. None while the champion answers nothing. A promotion does so at once, sidecars do the rest each minute. Example: select try_waiting();';

create or replace function rows_to_look_at(most integer default 256) returns table (product_id bigint, name_key text)
  language plpgsql security definer set search_path from current as $$
#variable_conflict use_column
declare
  champion_id bigint := (select c.model_id from champion() c);
  p look_progress;
  found_rows integer;
begin
  -- names that wait come first
  if champion_id is null or names_wait() then return; end if;
  insert into look_progress (model_id) values (champion_id) on conflict do nothing;
  if found then
    -- a champion before that comes back begins anew
    delete from look_progress x where x.model_id <> champion_id;
    delete from second_looks s where s.model_id <> champion_id;
  end if;
  select * into p from look_progress x where x.model_id = champion_id for update;
  if p.done_at is not null then return; end if;
  return query
    select x.product_id, x.name_key from products x
      where x.source = 'local' and x.product_id < coalesce(p.below_product_id, 9223372036854775807) and x.state = 'done' and x.model_id <> champion_id
      order by x.product_id desc limit least(most, (setting('stale_names'))::bigint - p.looked);
  get diagnostics found_rows = row_count;
  if found_rows = 0 then update look_progress x set done_at = now() where x.model_id = champion_id; end if;
end $$;
comment on function rows_to_look_at(integer) is 'The next rows, from the newest down, that an older model has answered and the champion has not been asked about; none while names wait for the local layer, or when as many as the setting stale_names says were looked at. Sidecars call it. Example: select product_id from rows_to_look_at(10);';

create or replace function save_second_looks(model_id bigint, looks jsonb) returns void
  language plpgsql security definer set search_path from current as $$
begin
  insert into second_looks as s (product_id, model_id, category_id, l1_said, l2_said, l3_said)
    select g.product_id, save_second_looks.model_id, g.category_id, probability(g.confidence[1]), probability(g.confidence[2]), probability(g.confidence[3])
      from jsonb_to_recordset(looks) g(product_id bigint, category_id bigint, confidence real[])
      join products p on p.product_id = g.product_id
    on conflict on constraint second_looks_pkey do update
      set model_id = excluded.model_id, category_id = excluded.category_id, l1_said = excluded.l1_said, l2_said = excluded.l2_said,
          l3_said = excluded.l3_said, looked_at = now();
  update look_progress x
    set looked = x.looked + jsonb_array_length(looks),
        below_product_id = least(x.below_product_id, (select min((e ->> 'product_id')::bigint) from jsonb_array_elements(looks) e))
    where x.model_id = save_second_looks.model_id;
end $$;
comment on function save_second_looks(bigint, jsonb) is 'Keeps what the champion says of rows that rows_to_look_at() gave; looks: [{product_id, category_id, confidence: [l1, l2, l3] as the model says}]. Example: select save_second_looks(1, ''[]'');';

create or replace function stale_answers(branch bigint default null, since timestamptz default null)
  returns table (product_id bigint, name text, path text, would_be text, confidence real, would text, answered_by bigint, answered_at timestamptz)
  language sql stable security definer set search_path from current as $$
  with m as (
    select f.*, k.offsets, k.slopes, trained_from(f.model_id) as trained, setting('shadow_branches') as watched
      from thresholds_in_force() f left join calibration_in_force(f.model_id) k on true
  )
  select p.product_id, p.name, category_path(p.category_id), category_path(coalesce(t.category_id, s.category_id)), c.l3,
         case when g.clear then 'answer otherwise' else 'ask the LLM' end, p.model_id, p.classified_at
    from m join second_looks s on s.model_id = m.model_id
    join products p on p.product_id = s.product_id and p.source = 'local' and p.state = 'done' and p.model_id <> m.model_id
    left join categories t on t.category_id = in_use(s.category_id) and t.retired_at is null
    left join overridden(m.model_id) o on o.category_id = t.category_id
    cross join lateral (select calibrate(s.l1_said, m.offsets[1], m.slopes[1]) as l1, calibrate(s.l2_said, m.offsets[2], m.slopes[2]) as l2,
                               calibrate(s.l3_said, m.offsets[3], m.slopes[3]) as l3) c
    cross join lateral (select t.category_id is not null and o.never_local is not true
                          and clears(c.l1, c.l2, c.l3, greatest(m.l1, o.l1), greatest(m.l2, o.l2), greatest(m.l3, o.l3))
                          and not m.watched @> to_jsonb(t.l1)
                          and not exists (select from categories n where n.parent_id = t.category_id and n.retired_at is null and n.in_use_since > m.trained) as clear) g
    where (not g.clear or not same_path(p.category_id, t.category_id))
      and (stale_answers.since is null or p.classified_at >= stale_answers.since)
      and (stale_answers.branch is null
           or exists (select from categories b where b.category_id = p.category_id and b.path_ids @> array[stale_answers.branch]))
    -- where it is surest that the answer is another one first
    order by g.clear desc, c.l3 desc, p.product_id;
$$;
comment on function stale_answers(bigint, timestamptz) is 'Answers of older models that the champion would not give today: those that it would answer otherwise, the surest first, then those that it would leave to the LLM; of a branch (as answered) and since a moment, if given. Nothing is changed: redecide() does. Filled in the background after a promotion. Example: select name, path, would_be, would from stale_answers() limit 20;';

create or replace function redecide(branch bigint default null, since timestamptz default null, source text default 'local', stale_only boolean default true,
    most integer default 10000, preview boolean default false)
  returns table (products bigint, answered_otherwise bigint, asked_of_llm bigint, not_looked_at bigint, tokens bigint, note text)
  language plpgsql security definer set search_path from current as $$
declare
  ids bigint[];
  stale bigint[];
  before_moment constant timestamptz := clock_timestamp();
begin
  if coalesce(source, '') not in ('local', 'similar') then
    raise exception 'rows answered by "%" are not decided again here', coalesce(source, 'NULL')
      using hint = case when source in ('exact', 'llm') then 'They follow memory: judge() corrects a label, split_category() has labels asked again.'
                        when source = 'human' then 'A person''s word stands until a person changes it: reject().' else 'source is local or similar.' end;
  elsif branch is not null and not exists (select from categories c where c.category_id = branch) then
    raise exception 'there is no category %', branch;
  elsif stale_only and source <> 'local' then
    raise exception 'only local answers are known to be stale' using hint = 'redecide(source => ''similar'', stale_only => false, preview => true)';
  end if;
  if source = 'local' and local_mode() <> 'on' then
    raise exception 'the local layer answers nothing now, so the LLM would be asked about all of these rows'
      using hint = 'select local_mode(), and why: select * from health(); with a promise: select * from keep_promise();';
  end if;
  perform hold_taxonomy();
  stale := array(select s.product_id from stale_answers(redecide.branch, redecide.since) s);
  if stale_only then
    ids := stale[1:most];
  else
    ids := array(select p.product_id from products p
      where p.source = redecide.source and p.state = 'done' and (redecide.since is null or p.classified_at >= redecide.since)
        and (redecide.branch is null or exists (select from categories b where b.category_id = p.category_id and b.path_ids @> array[redecide.branch]))
      order by p.product_id limit most);
  end if;
  select count(*), count(*) filter (where s.would = 'answer otherwise'), count(*) filter (where s.would = 'ask the LLM'),
         count(*) filter (where s.product_id is null and not exists (select from second_looks k where k.product_id = i and k.model_id = (select c.model_id from champion() c)))
    into products, answered_otherwise, asked_of_llm, not_looked_at
    from unnest(ids) i left join stale_answers(redecide.branch, redecide.since) s on s.product_id = i;
  tokens := (select round(asked_of_llm * c.tokens)::bigint from llm_cost_of_a_name() c);
  if preview then
    note := format('%s rows would be decided again%s', products, case when not_looked_at > 0 then format('; of %s nobody knows yet how they end', not_looked_at) else '' end);
  else
    perform p.product_id from products p where p.product_id = any (ids) order by p.product_id for update;
    perform ask_again(array(select p.product_id from products p where p.product_id = any (ids) and p.source = redecide.source and p.state = 'done'),
                      'local', 'redecide()', null);
    note := format('they are decided again from the first layer on; what comes of it: select * from product_changes where reason = ''redecide()'' and changed_at >= %L;', before_moment);
  end if;
  return next;
end $$;
comment on function redecide(bigint, timestamptz, text, boolean, integer, boolean) is 'Decides answers of the local layer again from the first layer on: those of stale_answers(), or with stale_only => false all (of source similar, too), of a branch and since a moment, if given; at most so many a call. preview => true says how many rows, how they would end, and what the LLM would cost, and changes nothing. What rows said stays in product_changes. Example: select products, answered_otherwise, asked_of_llm, tokens from redecide(preview => true);';
