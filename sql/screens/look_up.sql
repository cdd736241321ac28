-- taxon: What people and applications read.

create or replace function look_up(name text)
  returns table (layer text, category_id bigint, path text, similarity real, matched_key text, blocked_by text)
  language sql stable security definer set search_path from current as $$
  select 'exact', e.category_id, category_path(e.category_id), 1::real, e.name_key, null
    from exact(normalise(look_up.name)) e
  union all
  select 'similar', m.category_id, category_path(m.category_id), m.similarity, m.matched_key, m.blocked_by
    from similar_matches(normalise(look_up.name)) m
    where m.matched_key <> normalise(look_up.name) and length(normalise(look_up.name)) <= 500 and (setting('similar_layer'))::boolean;
$$;
comment on function look_up(text) is
  'Says what the exact and similar layers answer to a name, and writes nothing.
name: the name.
Returns: a row a label that is found; the first that is not blocked_by anything is their answer.
Example: select layer, path, similarity from look_up(''lamp'');';
grant execute on function look_up to taxon_reader, taxon_writer, taxon_admin;

create or replace function wait_for(product_id bigint, timeout interval default '5 s') returns products
  language plpgsql volatile security definer set search_path from current as $$
declare
  p products;
  deadline timestamptz := clock_timestamp() + timeout;
begin
  if timeout is null then
    raise exception 'wait_for needs a timeout' using hint = 'wait_for(product_id, timeout => ''5 s'')', errcode = 'null_value_not_allowed';
  end if;
  -- answers are committed by others, so each look needs a snapshot of its own
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'wait_for could never see the answer: the transaction is %', upper(current_setting('transaction_isolation'))
      using hint = 'Call it outside, or in a READ COMMITTED transaction.', errcode = 'invalid_transaction_state';
  end if;
  loop
    select * into p from products x where x.product_id = wait_for.product_id;
    if not found then
      raise exception 'there is no product %', wait_for.product_id
        using hint = 'If another session inserted it, that session has not committed yet.', errcode = 'no_data_found';
    end if;
    exit when p.state <> 'pending';
    -- xmin would be another after a SAVEPOINT; inserted_xact is the top transaction's
    if p.inserted_xact = pg_current_xact_id_if_assigned() then
      raise exception 'wait_for could never see the answer: product % was inserted, renamed or decided again by this very transaction',
        p.product_id
        using hint = 'Commit first. Note that psql -c "insert …; select …" is one transaction; use two -c.',
              errcode = 'invalid_transaction_state';
    end if;
    exit when clock_timestamp() >= deadline;
    perform pg_sleep(least(0.02, greatest(extract(epoch from deadline - clock_timestamp()), 0.001)));
  end loop;
  return p;
end $$;
comment on function wait_for(bigint, interval) is
  'Waits until a product is answered and returns its row.
product_id: the product.
timeout: for how long at most; 5 seconds by default. After it the row comes as it is, still pending.
Errors: 22004 without a timeout; 25000 where the answer could never be seen: the product is of this very transaction, or the transaction is not READ COMMITTED; P0002 where there is no such product.
Example: select state, source from wait_for(501, timeout => ''1 s'');';
grant execute on function wait_for to taxon_reader, taxon_writer, taxon_admin;
