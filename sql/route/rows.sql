-- taxon_internal: The one place where answers are written onto rows of products. Two things can be wrong with a row that is nobody else's
-- business: an application holds it, or a trigger of the application refuses it. The first is left and comes back soon, the
-- second counts as a failed attempt of its name, and all other rows of the batch are written.

create or replace function take_names(names text[]) returns bytea[]
  language plpgsql security definer set search_path from current
  -- a renewal of leases holds them for milliseconds; a person's open transaction may for hours
  set lock_timeout = '200ms' as $$
declare
  hashes bytea[] := array(select distinct name_hash(n) from unnest(names) n);
begin
  begin
    -- as hold_names() does, with digests that are there already
    perform from queue q where q.name_hash = any (hashes) order by q.queue_id for update;
    return hashes;
  exception when lock_not_available or deadlock_detected then null;
  end;
  return array(
    with free as materialized (
      select q.queue_id from queue q where q.name_hash = any (hashes) order by q.queue_id for update skip locked
    )
    select h from unnest(hashes) h
      where not exists (select from queue q where q.name_hash = h and q.queue_id not in (select f.queue_id from free f)));
end $$;
comment on function take_names(text[]) is 'Locks the queue entries of some names as hold_names() does, but waits for nobody longer than a moment: returns the digests of the names that it has, without those that another transaction holds. Example: select cardinality(take_names(''{kettle}''));';

create or replace function write_rows(answers jsonb, judged boolean, only_product bigint, wait text)
  returns table (name_hash bytea, product_id bigint, evidence_id bigint, done boolean)
  language plpgsql security definer set search_path from current set lock_timeout = '200ms'
  -- a batch is looked up by its index: where statistics are old, all of products was read instead
  set enable_seqscan = off set jit = off as $$
#variable_conflict use_column
begin
  -- no row is waited for, but triggers of the application may wait for what they like
  perform set_config('lock_timeout', wait, true);
  return query
    with given as materialized (
      select name_hash(a.name_key) as hash, a.category_id, c.l1, c.l2, c.l3, a.source, a.similarity, a.matched_key, a.llm_call_id,
             a.c1, a.c2, a.c3, a.model_id, a.evidence_id
        from jsonb_to_recordset(answers)
          a(name_key text, category_id bigint, source text, similarity real, matched_key text, llm_call_id bigint,
            c1 real, c2 real, c3 real, model_id bigint, evidence_id bigint)
        left join categories c on c.category_id = a.category_id
    ), seen as materialized (
      select p.product_id, g.hash from given g join products p on name_hash(p.name_key) = g.hash and p.state = 'pending'
        where only_product is null or p.product_id = only_product
    ), free as materialized (
      select p.product_id, s.hash from seen s join products p on p.product_id = s.product_id
        where p.state = 'pending' and name_hash(p.name_key) = s.hash
        order by p.product_id for no key update of p skip locked
    ), written as (
      update products p
        set category_id = g.category_id, l1 = g.l1, l2 = g.l2, l3 = g.l3, source = g.source, similarity = g.similarity,
            matched_key = g.matched_key, llm_call_id = g.llm_call_id,
            l1_confidence = case when judged then g.c1 else p.l1_confidence end,
            l2_confidence = case when judged then g.c2 else p.l2_confidence end,
            l3_confidence = case when judged then g.c3 else p.l3_confidence end,
            model_id = case when judged then g.model_id else p.model_id end,
            evidence_id = case when judged then g.evidence_id else p.evidence_id end,
            state = case when g.source is null then 'pending' else 'done' end,
            classified_at = case when g.source is not null then now() end
        from free f join given g on g.hash = f.hash
        where p.product_id = f.product_id
        returning p.product_id, p.evidence_id
    )
    select s.hash, s.product_id, w.evidence_id, w.product_id is not null
      from seen s left join written w on w.product_id = s.product_id;
end $$;
comment on function write_rows(jsonb, boolean, bigint,
  text) is 'The bare statement of settle_rows(): writes answers onto the pending rows of their names that nobody holds, or onto one of them; done says of each pending row whether it was written. Example: select done from write_rows(''[]'', false, null, ''200ms'');';

create or replace function settle_rows(answers jsonb, judged boolean default false, wait text default '200ms')
  returns table (name_hash bytea, product_id bigint, evidence_id bigint, done boolean, error text)
  language plpgsql security definer set search_path from current as $$
#variable_conflict use_column
declare
  n integer := coalesce(jsonb_array_length(answers), 0);
  p record;
begin
  if n = 0 then return; end if;
  -- here, where no row is held yet: who rebuilds an index of products is waited for as ever
  lock table products in row exclusive mode;
  begin
    return query select w.name_hash, w.product_id, w.evidence_id, w.done, null::text from write_rows(answers, judged, null, wait) w;
    return;
  exception when others or assert_failure or query_canceled then
    if is_wanted_end(sqlstate) then raise; end if;
  end;
  -- one row refused, and with it all were undone: halves, until it stands alone
  if n > 1 then
    return query select s.* from (values (0, n / 2), (n / 2, n)) h(first, past),
      lateral settle_rows((select jsonb_agg(a order by i) from jsonb_array_elements(answers) with ordinality u(a, i)
                             where u.i > h.first and u.i <= h.past), judged, '20ms') s;
    return;
  end if;
  for p in select x.product_id, name_hash(x.name_key) as hash from products x
             where name_hash(x.name_key) = name_hash(answers -> 0 ->> 'name_key') and x.state = 'pending' order by x.product_id loop
    begin
      return query select w.name_hash, w.product_id, w.evidence_id, w.done, null::text
        from write_rows(answers, judged, p.product_id, '20ms') w;
    exception when others or assert_failure or query_canceled then
      if is_wanted_end(sqlstate) then raise; end if;
      name_hash := p.hash;
      product_id := p.product_id;
      evidence_id := null;
      done := false;
      -- a lock that its trigger waits for, a deadlock, a conflict of snapshots: not the row's fault
      error := case when is_conflict(sqlstate) then null else format('product %s could not be written: %s', p.product_id, sqlerrm) end;
      return next;
    end;
  end loop;
end $$;
comment on function settle_rows(jsonb, boolean,
  text) is 'Writes answers onto every pending row of their names, in one statement as long as no row refuses. answers: [{name_key, category_id, source, similarity, matched_key, llm_call_id}], source NULL: it stays pending; with judged also what the local layer says: c1, c2, c3, model_id, evidence_id. A row that another transaction holds is left (done false, error NULL); one that refuses, by a trigger of the application for example, too, with the database''s words. Example: select done, error from settle_rows(''[]'');';

create or replace function settle_names(answers jsonb, out late bytea[], out errors text[])
  language plpgsql security definer set search_path from current as $$
begin
  with written as materialized (
    select * from settle_rows(answers)
  ), opinion as (
    -- where the LLM answered, it says how right the local model was
    insert into opinions (evidence_id, levels)
      select distinct on (e.evidence_id) e.evidence_id, agreed_levels(e.category_id, a.category_id)
        from written w
        join jsonb_to_recordset(answers) a(name_key text, category_id bigint, source text) on name_hash(a.name_key) = w.name_hash
          and a.source = 'llm'
        join evidence e on e.evidence_id = w.evidence_id and e.category_id is not null
        where w.done
      on conflict do nothing
  ), unfinished as (
    select w.name_hash, max(w.error) as error from written w where not w.done group by 1
  )
  select coalesce(array_agg(u.name_hash order by u.name_hash), '{}'), coalesce(array_agg(u.error order by u.name_hash), '{}') into late,
    errors from unfinished u;
end $$;
comment on function settle_names(jsonb) is 'settle_rows(), and what is to be noted of answers of the LLM. Returns the names that have rows left, each with the error, NULL where others only hold them. Example: select late from settle_names(''[]'');';

create or replace function lock_rows(product_ids bigint[]) returns void
  language plpgsql security definer set search_path from current as $$
declare
  patience constant interval := interval '10 s';
  past timestamptz := clock_timestamp() + patience;
begin
  loop
    begin
      perform from products p where p.product_id = any (product_ids) order by p.product_id for update nowait;
      return;
    exception when lock_not_available then
      if clock_timestamp() > past then
        raise exception 'a row is held by another transaction for more than %', patience using errcode = 'lock_not_available',
          detail = (select string_agg(distinct n, '; ') from products p cross join lateral locker_names(p.xmax) n
            where p.product_id = any (product_ids)),
          hint = 'Try again when it has ended.';
      end if;
    end;
    -- nothing is held meanwhile: an application that writes the same rows in another order never waits for this in a circle
    perform pg_catalog.pg_sleep(0.05);
  end loop;
end $$;
comment on function lock_rows(bigint[]) is 'Locks rows for what a person changes, all or none at a time; gives up after 10 s and says who holds them (SQLSTATE 55P03). Example: select lock_rows(array[501]);';

create or replace function fail_buried(hashes bytea[] default null) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  r record;
  failed integer := 0;
begin
  for r in select p.product_id, d.error from dead_letters d join products p on name_hash(p.name_key) = d.name_hash and p.state = 'pending'
             where (hashes is null or d.name_hash = any (hashes))
               and not exists (select from queue q where q.name_hash = d.name_hash
                 and q.purpose = any (array(select p.purpose from purposes p where p.answers_rows)))
             order by p.product_id for no key update of p skip locked loop
    begin
      update products p set state = 'failed', failure = coalesce(r.error, 'failed too often') where p.product_id = r.product_id;
      failed := failed + 1;
    -- it refuses even that: the dead letter says why
    exception when others or assert_failure or query_canceled then
      if is_wanted_end(sqlstate) then raise; end if;
    end;
  end loop;
  return failed;
end $$;
comment on function fail_buried(bytea[]) is 'Rows that wait for a name that was given up become failed; those that somebody holds with the next call. Returns how many. Example: select fail_buried();';

create or replace function put_off(hashes bytea[], errors text[], stages text[], llm_call_id bigint default null) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  highest integer := (setting('max_attempts'))::integer;
  off integer;
begin
  if cardinality(hashes) = 0 then return 0; end if;
  with late as (
    select u.hash, u.error from unnest(hashes, errors) u(hash, error)
  ), entry as materialized (
    -- a claim has counted this attempt already
    select q.queue_id, q.stage, q.name_key, q.name_hash, l.error,
           case when l.error is null then greatest(q.attempts - (q.worker is not null)::integer, 0)
             else q.attempts + (q.worker is null)::integer end as tried
      from late l join queue q on q.name_hash = l.hash
      where q.stage = any (stages) and q.purpose = any (array(select p.purpose from purposes p where p.answers_rows))
      order by q.queue_id for update of q skip locked
  ), dead as (
    delete from queue q using entry e where q.queue_id = e.queue_id and e.error is not null and e.tried >= highest
      returning e.stage, e.name_key, e.error, e.tried
  ), buried as (
    insert into dead_letters (stage, name_key, attempts, error)
      select min(d.stage), d.name_key, max(d.tried), min(d.error) from dead d group by 2
      on conflict (name_hash) do update set attempts = excluded.attempts, error = excluded.error, stage = excluded.stage, created_at = now()
  ), waits as (
    -- to the local stage: what memory knows is settled there, and nobody is asked
    update queue q
      set stage = 'local', purpose = default, worker = null, claim_id = null, attempts = e.tried,
        available_at = clock_timestamp() + interval '1 s',
          last_error = coalesce(e.error, q.last_error), held_since = case when e.error is null then coalesce(q.held_since, now()) end,
          llm_call_id = coalesce(put_off.llm_call_id, q.llm_call_id)
      from entry e where q.queue_id = e.queue_id and (e.error is null or e.tried < highest)
  )
  select count(*) into off from entry;
  perform fail_buried(hashes);
  return off;
end $$;
comment on function put_off(bytea[], text[], text[],
  bigint) is 'Names whose answer is known and that have rows left wait a second in the local stage. Where rows are only held, the attempt does not count; an error counts, and after max_attempts the name becomes a dead letter with it. Returns how many queue entries. Example: select put_off(''{}'', ''{}'', ''{local}'');';
