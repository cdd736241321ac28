-- taxon_internal: Thresholds belong to a model; the newest row counts, the seed's .75 / .55 / .40 where there is none.

create or replace function thresholds_in_force(model_id bigint default null)
  returns table (model_id bigint, l1 real, l2 real, l3 real, certified boolean, reason text, set_at timestamptz, threshold_id bigint)
  language sql stable
begin atomic
  select m.model_id, coalesce(t.l1, .75::real), coalesce(t.l2, .55::real), coalesce(t.l3, .40::real), coalesce(t.certified, false),
         coalesce(t.reason, 'the defaults; not certified'), t.set_at, t.threshold_id
    from models m
    left join lateral (select * from thresholds x where x.model_id = m.model_id and x.branch is null and x.undone_at is null
                       order by x.threshold_id desc limit 1) t on true
    where m.model_id = thresholds_in_force.model_id
       or thresholds_in_force.model_id is null and m.state = 'champion';
end;
comment on function thresholds_in_force(bigint) is 'The thresholds that count for a model (default: the champion), but for branches that have their own. certified is false until a promise on the error has been proved. Example: select l1, l2, l3, certified from thresholds_in_force();';
grant execute on function thresholds_in_force to taxon_reader, taxon_admin, taxon_sidecar;

create or replace function overridden(model_id bigint)
  returns table (category_id bigint, l1 real, l2 real, l3 real, never_local boolean, threshold_id bigint)
  language sql stable
begin atomic
  with own as (
    select distinct on (t.branch) t.* from thresholds t
      where t.model_id = overridden.model_id and t.branch is not null and t.undone_at is null
      order by t.branch, t.threshold_id desc
  )
  select distinct on (c.category_id) c.category_id, o.l1, o.l2, o.l3, o.never_local, o.threshold_id
    from own o join categories b on b.category_id = o.branch join categories c on o.branch = any (c.path_ids)
    order by c.category_id, b.level desc;
end;
comment on function overridden(bigint) is 'Every category below a branch that has thresholds of its own, with those of the nearest such branch. Example: select count(*) from overridden(1);';
grant execute on function overridden to taxon_admin;

create or replace function thresholds_for(model_id bigint, category_id bigint)
  returns table (l1 real, l2 real, l3 real, never_local boolean, threshold_id bigint)
  language sql stable
begin atomic
  -- a branch is only ever stricter: when all thresholds are tightened, its own do not stay behind
  select greatest(f.l1, o.l1), greatest(f.l2, o.l2), greatest(f.l3, o.l3), coalesce(o.never_local, false),
         coalesce(o.threshold_id, f.threshold_id)
    from thresholds_in_force(thresholds_for.model_id) f
    left join overridden(f.model_id) o on o.category_id = thresholds_for.category_id;
end;
comment on function thresholds_for(bigint,
  bigint) is 'The thresholds for answers of one category: those in force, or the nearest branch''s own where these are stricter; model_id NULL: the champion. Example: select l1, l2, l3, never_local from thresholds_for(null, 1);';
grant execute on function thresholds_for to taxon_admin;

create or replace function standing_promise() returns setof promises
  language sql stable rows 1
begin atomic
  select * from promises p where p.ended_at is null;
end;
comment on function standing_promise() is 'The promise that stands; no row: none does. Example: select max_error, confidence from standing_promise();';
grant execute on function standing_promise to taxon_admin, taxon_sidecar;

create or replace function local_mode(branch bigint default null, model_id bigint default null) returns text
  language sql stable
begin atomic
  select case
    when setting('local_layer') <> '"on"' then setting('local_layer') #>> '{}'
    when branch is not null and setting('shadow_branches') @> to_jsonb(branch) then 'shadow'
    -- proved for another promise is enough where that one was not looser
    when exists (
      select from standing_promise() s where not exists (
        select from thresholds_in_force(local_mode.model_id) f
          join thresholds t on t.threshold_id = f.threshold_id and t.certified
          join promises p on p.promise_id = t.promise_id and p.max_error <= s.max_error and p.confidence >= s.confidence)) then 'shadow'
    else 'on' end;
end;
comment on function local_mode(bigint, bigint) is 'What the local layer does with names of a top category (NULL: in general): on: it answers; shadow: it decides and records, the LLM answers; off: it is not used. Follows the settings local_layer and shadow_branches, and is shadow while a promise stands that is not proved for the model (default: the champion). Example: select local_mode();';
grant execute on function local_mode to taxon_admin;

grant select on thresholds, promises to taxon_sidecar;
