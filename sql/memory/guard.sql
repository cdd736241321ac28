-- taxon_internal: The guard of layer 2: "iPhone 15 Pro Max 256GB" and the same with "case" are .83 similar and not the same thing.
-- Memory itself tells which words decide a category: names that differ in nothing but that word have other categories,
-- or nearly all names with the word are elsewhere than the answer.

create or replace function deciding_words(name_key text) returns text[]
  language sql immutable strict parallel safe
begin atomic
  -- No regular expression: its letter classes follow the database's locale. Words with a digit are numbers, units and
  -- model codes; they never block, as names that differ in them share the category more often than others do.
  select coalesce(array_agg(distinct w order by w), '{}')
    from unnest(string_to_array(translate(name_key, '.,;:!?()[]{}/\|+*&#%=<>"«»„”“–—_-@~^№', repeat(' ', 40)), ' ')) w
    where w <> '' and translate(w, '0123456789', '') = w
      and w not in ('шт', 'г', 'гр', 'кг', 'л', 'мл', 'см', 'мм', 'м', 'уп', 'szt', 'g', 'kg', 'l', 'ml', 'cm', 'mm', 'm', 'pcs', 'op',
        'gb', 'tb', 'x', 'х');
end;
comment on function deciding_words(text) is 'The words of a name key that can tell categories apart: distinct, sorted, without numbers, units and model codes.';
grant execute on function deciding_words to taxon_admin, taxon_sidecar;

create or replace function words_are_codes(name_key text) returns boolean
  language sql immutable strict parallel safe
begin atomic
  -- No regular expression, as in deciding_words(). A word without a digit tells what the thing is, unless it only says that a code
  -- follows; so does a digit with a long word (чайник1,7л, iphone15). A measure ends that, unless the number beside it is long:
  -- "WD-40 400 ml" is a name, "5901234123457 1 шт" is none. In doubt it is a code: that costs an answer, not a wrong one.
  with said as (
    select w, translate(w, '0123456789', '') as rest,
           translate(w, '0123456789.,;:!?()[]{}/\|+*&#%=<>"''«»„”“–—_-@~^№×', '') as letters
      from unnest(string_to_array(name_key, ' ')) w where w <> ''
  ), told as (
    select case
        when letters in ('шт', 'г', 'гр', 'кг', 'л', 'мл', 'см', 'мм', 'м', 'уп', 'szt', 'g', 'kg', 'l', 'ml', 'cm', 'mm', 'm', 'pcs', 'op',
          'gb', 'tb')
          and (rest = w or translate(left(w, 1), '0123456789', '') = '') then 'measure'
        when letters in ('арт', 'артикул', 'код', 'штрихкод', 'штрих', 'товар', 'товару', 'товара', 'номер', 'н', 'ид', 'art', 'article',
          'artikel', 'artikelnummer', 'artikelnr', 'artnr', 'nr', 'no',
          'num', 'number', 'numer', 'kod', 'code', 'barcode', 'indeks', 'index', 'symbol', 'ref', 'id', 'sku', 'ean', 'ean13', 'gtin',
            'upc', 'isbn', 'mpn',
          'asin', 'pn', 'sn', 'item', 'product', 'produkt', 'towar', 'x', 'х', '') and rest = w then 'nothing'
        when rest = w then 'name'
        when w like 'b0%' and length(w) = 10 then 'code'
        when (select max(length(r)) from unnest(string_to_array(translate(w, '0123456789.,;:!?()[]{}/\|+*&#%=<>"''«»„”“–—_-@~^№×',
          repeat(' ', 60)), ' ')) r) > 4
          and letters not in ('артикул', 'article', 'штрихкод', 'barcode') then 'name'
        else 'code' end as kind,
        length(w) - length(rest) as digits
      from said
  )
  select coalesce(bool_and(kind <> 'name') and bool_or(kind = 'code')
      and (bool_and(kind <> 'measure') or bool_or(kind = 'code' and digits >= 5)), false)
    from told;
end;
comment on function words_are_codes(text) is 'What only_codes() asks of a name key that may be nothing but codes. Example: select words_are_codes(''bx-1200/3'');';
grant execute on function words_are_codes to taxon_admin, taxon_sidecar;

create or replace function only_codes(name_key text) returns boolean
  language sql immutable parallel safe
begin atomic
  -- Nearly all names have five letters in a row or no digit, and are done here in 1 µs, inlined; the words cost 130. The
  -- ranges are of characters as they stand, by the collation "C", so that no locale changes them.
  select case when name_key collate "C" ~ '[0-9]'
      and (name_key collate "C" !~ '[^0-9 .,;:!?(){}/\\|+*&#%=<>"''«»„”“–—_@~^№×\[\]-]{5}'
           or name_key collate "C" ~ 'b0|арт|штрих|товар|номер|art|inde|numbe|numer|barco|symbol|produ|towar')
    then words_are_codes(name_key) else false end;
end;
comment on function only_codes(text) is
  'Whether a name key is nothing but codes (EAN, article numbers), of which no two that look alike are the same thing: each word has a digit and at most four letters in a row, or is a word like "арт", "kod", "sku"; beside a measure ("400 ml") one code must have five digits. The similar layer answers no such name and repeats no such label. Example: select only_codes(''5901234123457''), only_codes(''wd-40 400 ml'');';
grant execute on function only_codes to taxon_admin, taxon_sidecar;

create or replace function blocking_word(a text, b text, category_id bigint) returns text
  language plpgsql stable strict set search_path from current
  -- a plan for the very words looked cheaper and was made in each call, .13 ms: longer than all else that a look-up does
  set plan_cache_mode = force_generic_plan as $$
declare
  words_a text[] := deciding_words(a);
  words_b text[] := deciding_words(b);
  only_a text[] := array(select w from unnest(words_a) w where w <> all (words_b));
  only_b text[] := array(select w from unnest(words_b) w where w <> all (words_a));
begin
  return (
    select g.token from guard_tokens g
      where g.token = any (only_a || only_b) and (g.decides or blocking_word.category_id <> all (g.categories))
        -- A word with a near twin on the other side (similarity from .3: чехол, чехл) is a typo, not a difference.
        and not exists (select from unnest(case when g.token = any (only_a) then only_b else only_a end) t
          where similarity(t, g.token) >= .3)
      order by g.decides desc, g.different desc, g.seen desc, g.token
      limit 1);
end $$;
comment on function blocking_word(text, text,
  bigint) is 'The word that forbids to give one of two name keys the category of the other: they differ by it, and memory knows that it decides the category or is at home elsewhere. NULL when there is none.';
grant execute on function blocking_word to taxon_admin, taxon_sidecar;

create or replace function learn_guard() returns integer
  language plpgsql security definer set search_path from current as $$
declare
  blocking integer;
begin
  -- one after the other: the second must delete what the first wrote
  perform hold_lock('guard', patience => '5 min');
  delete from guard_tokens;
  -- Each name without one of its words (the context), beside the names that are just the context or have another word
  -- in its place. One context counts once, however many names share it. The teacher is wrong in a fifth of the labels, so a
  -- word must be well above the mean of all words: smoothed with four contexts of that mean, half-way from it to 1.
  -- And where each word is at home. From three names on: on the demo the two rules together answer 72% of the near
  -- repeats, 98.8% of them in the true category of the name they repeat (the first alone: 79%, 90.6%).
  -- Both in one statement: the words of a name are half of the work.
  insert into guard_tokens (token, contexts, different, decides, seen, categories)
  with named as materialized (
    select l.category_id, deciding_words(l.name_key) as w from labels l
  ), parts as (
    select n.category_id, t.token, array_to_string(array_remove(n.w, t.token), ' ') as context
      from named n, unnest(n.w) t(token)
      where cardinality(n.w) between 2 and 12
    union all
    select n.category_id, '', array_to_string(n.w, ' ') from named n where cardinality(n.w) between 1 and 11
  ), counted as (
    -- contexts much shorter than the word would not reach the similarity of layer 2 anyway
    select context, token, category_id, count(*)::float8 as n
      from parts where length(context) >= length(token) and length(context) > 3 group by 1, 2, 3
  ), totals as (
    select *, sum(n) over (partition by context) as in_context,
           sum(n) over (partition by context, token) as of_token,
           sum(n) over (partition by context, category_id) as of_category
      from counted
  ), by_context as (
    select token, context, sum(n * ((in_context - of_token) - (of_category - n))) / sum(n * (in_context - of_token)) as different
      from totals where in_context > of_token and token <> '' group by 1, 2
  ), mean as (
    select coalesce(avg(different), 0) as m from by_context
  ), by_token as (
    select token, count(*)::integer as contexts, avg(different) as different from by_context group by 1
  ), told as (
    select token, contexts, t.different, contexts >= 2 and (t.different * contexts + m * 4) / (contexts + 4) >= (1 + m) / 2 as decides
      from by_token t, mean
  ), shares as (
    select token, category_id, n / sum(n) over (partition by token) as share, sum(n) over (partition by token) as seen
      from (select w.token, n.category_id, count(*) as n from named n, unnest(n.w) w(token) group by 1, 2) x
  ), homes as (
    select token, max(seen) as seen, array_agg(category_id order by share desc, category_id) filter (where share >= .2) as categories
      from shares group by token having max(seen) >= 3 and max(share) >= .5
  )
  select token, coalesce(t.contexts, 0), coalesce(t.different, 0), coalesce(t.decides, false), coalesce(h.seen, 0), h.categories
    from told t full join homes h using (token);
  select count(*) into blocking from guard_tokens where decides or categories is not null;
  return blocking;
end $$;
comment on function learn_guard() is 'Learns anew from memory which words decide a category; returns how many can block. Called after imports and by training.';
grant execute on function learn_guard to taxon_admin, taxon_sidecar;

grant select on guard_tokens to taxon_sidecar;
