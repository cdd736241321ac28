-- taxon: learning_curve(): what more labels would bring.

create or replace function learning_curve(more integer default null, model_id bigint default null)
  returns table (labels_trained bigint, labels_now bigint, labels_then bigint, llm_share_now numeric, llm_share_then numeric, low numeric,
                 high numeric, tokens_a_product_now numeric, tokens_a_product_then numeric, dollars_saved_a_month numeric,
                 passed_on_now numeric, passed_on_then numeric, passed_on_low numeric, passed_on_high numeric, points integer,
                 held_out bigint, verdict text)
  language plpgsql stable security definer set search_path from current as $$
#variable_conflict use_column
declare
  -- fewer products say too little of the LLM's share
  enough constant bigint := 200;
  m models;
  p record;
  a record;
  t record;
  c record;
  mode text;
  reach numeric;
  shown numeric[];
  digits integer;
begin
  if more < 0 then
    raise exception 'more labels are a number, 0 or more, not %', more
      using hint = 'select * from learning_curve(more => 10000);', errcode = 'invalid_parameter_value';
  end if;
  labels_now := trainable_labels();
  select x.* into m from models x where case when learning_curve.model_id is null then x.state = 'champion'
    else x.model_id = learning_curve.model_id end;
  if m.model_id is null then
    labels_then := labels_now + coalesce(more, 10000);
    if learning_curve.model_id is not null then raise exception 'there is no model %', learning_curve.model_id
      using hint = 'select * from models_readable;', errcode = 'no_data_found'; end if;
    verdict := 'cannot be said: there is no champion yet (taxon train)';
    return next; return;
  end if;
  select array_agg(x.names order by x.names) as names, array_agg(x.passed_on order by x.names) as passed, max(x.names) as last,
    max(x.held_out) as held
    into p from measured_points(m.model_id) x;
  labels_trained := coalesce((m.data ->> 'labels')::bigint, p.last::bigint);
  -- measured: with fewer labels two of three intervals held at twice as many
  reach := case when labels_trained < 8000 then 1.5 else 2 end;
  -- not asked for so many: as far as the curve says anything
  more := coalesce(more, greatest(least(10000, floor(reach * labels_trained) - labels_now), 0), 10000);
  labels_then := labels_now + more;
  points := coalesce(cardinality(p.names), 0);
  held_out := p.held;
  select x.* into a from curve_ahead(p.names, p.passed, p.held, p.last, p.last * labels_then / nullif(labels_trained, 0)) x;
  if points = 0 then
    verdict := format('cannot be said: the training of model %s measured no learning curve (an older version, or too few names)',
      m.model_id);
  elsif a.passed_then is null then
    verdict := format('cannot be said: of the %s points of model %s fewer than four say anything; train on more labels', points,
      m.model_id);
  elsif labels_then > reach * labels_trained then
    verdict := format('cannot be said: %s labels are more than %s times the %s that model %s has seen, and the curve''s intervals do not hold so far ahead',
                      labels_then, reach, labels_trained, m.model_id);
  end if;
  if verdict is not null then return next; return; end if;
  select x.* into t from traffic_of(m.model_id) x;
  select x.* into c from llm_cost_of_a_name() x;
  passed_on_now := round(a.passed_now::numeric, 4); passed_on_then := round(a.passed_then::numeric, 4);
  passed_on_low := round(a.low::numeric, 4); passed_on_high := round(a.high::numeric, 4);
  if t.products >= enough then
    llm_share_now := round(t.llm_share::numeric, 4);
    llm_share_then := round((t.llm_share * a.passed_then / a.passed_now)::numeric, 4);
    low := round((t.llm_share * a.low / a.passed_now)::numeric, 4);
    high := round(least(t.llm_share * a.high / a.passed_now, 1)::numeric, 4);
    tokens_a_product_now := round((t.llm_share * c.tokens)::numeric, 1);
    tokens_a_product_then := round((t.llm_share * a.passed_then / a.passed_now * c.tokens)::numeric, 1);
    dollars_saved_a_month := round((t.llm_share * (1 - a.passed_then / a.passed_now) * t.a_month * c.cost)::numeric, 2);
  end if;
  shown := case when llm_share_now is null then array[passed_on_now, passed_on_then, passed_on_low, passed_on_high]
                else array[llm_share_now, llm_share_then, low, high] end;
  digits := case when abs(shown[1] - shown[2]) >= .02 then 0 else 1 end;
  mode := local_mode(null, m.model_id);
  verdict := format('%s would take %s from %s to %s %% (%s to %s)%s%s',
    case when labels_now <= labels_trained then format('%s more labels', more)
         when more = 0 then format('a training on the %s labels that are new', labels_now - labels_trained)
         else format('%s more labels and the %s that are new', more, labels_now - labels_trained) end,
    case when llm_share_now is null then 'what is passed on to the LLM of the names that memory does not know' else 'the LLM''s share' end,
    round(shown[1] * 100, digits), round(shown[2] * 100, digits), round(shown[3] * 100, digits), round(shown[4] * 100, digits),
    case when llm_share_now is null then format('; of all products it cannot be said: %s were answered since model %s became champion, %s are needed',
                                                t.products, m.model_id, enough) else '' end,
    case when mode <> 'on' then format('; nothing of that is saved while the local layer is %s', case mode when 'off' then 'off'
      else 'in shadow' end) else '' end);
  return next;
end $$;
comment on function learning_curve(integer, bigint) is
  'Says what so many more labels, and those that are new since the training, would bring after the next training.
more: how many labels more, 0 or more; NULL (the default): 10000, or as many as the curve reaches.
model_id: the model whose curve it is; NULL (the default): the champion.
Returns: the LLM''s share of the products (those since the promotion, at most 30 days), tokens a product and dollars a month at what the ledger says a name costs, with a 95% interval; passed_on… is the same of the names that memory does not know. It takes the share that memory answers as it is, though more labels raise it, and says when it cannot say. How often the interval held: docs/measured/learning.md.
Errors: 22023 where more is no such number; P0002 where there is no such model.
Example: select labels_now, labels_then, llm_share_now, llm_share_then, low, high, verdict from learning_curve(more => 10000);';
grant execute on function learning_curve to taxon_reader, taxon_admin;
