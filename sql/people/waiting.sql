-- taxon_internal: Checks by people: answers of the local layer, drawn at random and judged, so that what is said of all of them has a bound.

create or replace function check_frame(model_id bigint, strategy text, cut real, edges real[], branch bigint[])
  returns table (evidence_id bigint, product_id bigint, category_id bigint, l1_said real, l2_said real, l3_said real,
                 off_edge real, answered boolean)
  language sql stable
begin atomic
  select e.evidence_id, e.product_id, e.category_id, e.l1_said, e.l2_said, e.l3_said,
         abs(least(e.l1_said - edges[1], e.l2_said - edges[2], e.l3_said - edges[3])), e.answered
    from evidence e
    where e.model_id = check_frame.model_id and e.category_id is not null and e.l3_said is not null
      and case strategy
            when 'surer' then e.l3_said >= cut
            when 'answered' then e.answered
            when 'threshold' then abs(least(e.l1_said - edges[1], e.l2_said - edges[2], e.l3_said - edges[3])) <= cut
            when 'category' then e.category_id = any (branch)
            else true end;
end;
comment on function check_frame(bigint, text, real, real[],
  bigint[]) is 'The evidence that a strategy of draw_checks() draws from. edges: the thresholds in terms of what the model says; off_edge: how far the level nearest to failing, or failing most, is from them. Example: check_frame(1, ''uniform'', NULL, NULL, NULL) is all evidence of model 1 that has an answer.';

create or replace function hash_bound(share float8) returns bigint
  language sql immutable parallel safe
begin atomic
  select (-9223372036854775808 + least(share, 1)::numeric * 18446744073709551615)::bigint;
end;
comment on function hash_bound(float8) is 'The 64-bit hash below which a share of all hashes lies. Example: hash_bound(.5) is -1, in the middle.';

create or replace function waiting_checks(check_ids bigint[])
  returns table (check_id bigint, product_id bigint, name text, path text, l1_confidence real, l2_confidence real,
                 l3_confidence real, similarity real, layer text, weight real, strategy text, category_id bigint,
                 drawn_by text, drawn_at timestamptz)
  language sql stable security definer set search_path from current as $$
  select k.check_id, k.product_id, coalesce(p.name, k.name_key), category_path(k.category_id),
         calibrate(s.l1_said, f.offsets[1], f.slopes[1]), calibrate(s.l2_said, f.offsets[2], f.slopes[2]),
         calibrate(s.l3_said, f.offsets[3], f.slopes[3]), k.similarity, k.layer, k.weight, k.strategy, k.category_id, k.drawn_by, k.drawn_at
    from checks k
    left join products p on p.product_id = k.product_id and p.name_key = k.name_key
    left join check_scores s on s.check_id = k.check_id and s.model_id = k.model_id
    left join lateral calibration_in_force(k.model_id) f on true
    where k.auditor = 'human' and k.verdict is null and (check_ids is null or k.check_id = any (check_ids))
    order by k.check_id;
$$;
comment on function waiting_checks(bigint[]) is 'Those of the checks (NULL: all) that wait for a person, as open_checks() and draw_checks() show them. Example: select name, path from waiting_checks(array[501]);';
