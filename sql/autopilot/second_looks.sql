-- taxon_internal: Re-decisions after a promotion: waiting names first, then a list of old answers that the new champion would change.

create or replace function try_waiting(most integer default 500) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  tried integer;
begin
  if local_mode() <> 'on' then return 0; end if;
  -- those that wait for the local layer come first
  if (select count(*) from (select from queue q where q.stage = 'local' and q.available_at <= now() limit most) q) >= most
    then return null; end if;
  -- Free entries only; one that a person sent to the LLM, as the lower layers were wrong, has a history and stays.
  with old as (
    select q.queue_id from queue q
      where q.stage = 'llm' and q.purpose = 'answer' and q.created_at < (select m.promoted_at from models m where m.state = 'champion')
        and q.worker is null
        and not exists (select from products p join product_changes x using (product_id) where name_hash(p.name_key) = q.name_hash
          and p.state = 'pending')
      order by q.created_at limit most for update skip locked
  )
  update queue q set stage = 'local', branch = null, shortlist = null, probabilities = null, next = null, attempts = 0, last_error = null,
    available_at = clock_timestamp()
    from old where q.queue_id = old.queue_id;
  get diagnostics tried = row_count;
  if tried > 0 then perform wake(); end if;
  return tried;
end $$;
comment on function try_waiting(integer) is 'Gives names that were passed on to the LLM before the champion was promoted, and wait for it still, to the local layers again, the oldest first, at most so many; returns how many, NULL: as many wait for the local layer already. None while the champion answers nothing. A promotion does so at once, sidecars do the rest each minute. Example: select try_waiting();';
grant execute on function try_waiting to taxon_admin, taxon_sidecar;

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
      where x.source = 'local' and x.product_id < coalesce(p.below_product_id, 9223372036854775807) and x.state = 'done'
        and x.model_id <> champion_id
      order by x.product_id desc limit least(most, (setting('second_looks_most'))::bigint - p.looked);
  get diagnostics found_rows = row_count;
  if found_rows = 0 then update look_progress x set done_at = now() where x.model_id = champion_id; end if;
end $$;
comment on function rows_to_look_at(integer) is 'The next rows, from the newest down, that an older model has answered and the champion has not been asked about; none while names wait for the local layer, or when as many as the setting second_looks_most says were looked at. Sidecars call it. Example: select product_id from rows_to_look_at(10);';
grant execute on function rows_to_look_at to taxon_admin, taxon_sidecar;

create or replace function save_second_looks(model_id bigint, looks jsonb) returns void
  language plpgsql security definer set search_path from current as $$
begin
  insert into second_looks as s (product_id, model_id, category_id, l1_said, l2_said, l3_said)
    select g.product_id, save_second_looks.model_id, g.category_id, probability(g.confidence[1]), probability(g.confidence[2]),
      probability(g.confidence[3])
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
comment on function save_second_looks(bigint,
  jsonb) is 'Keeps what the champion says of rows that rows_to_look_at() gave; looks: [{product_id, category_id, confidence: [l1, l2, l3] as the model says}]. Example: select save_second_looks(1, ''[]'');';
grant execute on function save_second_looks to taxon_admin, taxon_sidecar;

create or replace function stale_answers(branch bigint default null, since timestamptz default null)
  returns table (product_id bigint, name text, path text, would_be text, confidence real, would text, answered_by bigint,
    answered_at timestamptz)
  language sql stable security definer set search_path from current as $$
  with m as (
    select f.model_id from thresholds_in_force() f
  ), looked as materialized (
    select s.*, row_number() over (order by s.product_id) as place from m join second_looks s on s.model_id = m.model_id
      where exists (select from products p where p.product_id = s.product_id and p.source = 'local' and p.state = 'done'
        and p.model_id <> m.model_id)
  ), decided as (
    select d.* from decide((select m.model_id from m), (
      select coalesce(jsonb_agg(jsonb_build_object('category_id', x.category_id, 'confidence',
        jsonb_build_array(x.l1_said, x.l2_said, x.l3_said)) order by x.place), '[]')
        from looked x)) d
  )
  select p.product_id, p.name, category_path(p.category_id), category_path(d.category_id), d.l3_confidence,
         case when g.clear then 'answer otherwise' else 'ask the LLM' end, p.model_id, p.classified_at
    from looked s join decided d using (place) join products p using (product_id)
    cross join lateral (select d.clear and d.live as clear) g
    where (not g.clear or not same_path(p.category_id, d.category_id))
      and (stale_answers.since is null or p.classified_at >= stale_answers.since)
      and (stale_answers.branch is null
           or exists (select from categories b where b.category_id = p.category_id and b.path_ids @> array[stale_answers.branch]))
    -- where it is surest that the answer is another one first
    order by g.clear desc, d.l3_confidence desc, p.product_id;
$$;
comment on function stale_answers(bigint,
  timestamptz) is 'Answers of older models that the champion would not give today: those that it would answer otherwise, the surest first, then those that it would leave to the LLM; of a branch (as answered) and since a moment, if given. Nothing is changed: decide_again() does. Filled in the background after a promotion. Example: select name, path, would_be, would from stale_answers() limit 20;';
grant execute on function stale_answers to taxon_admin;
