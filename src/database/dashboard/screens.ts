import { refusing } from '../connection/refusals.ts';
import type { Asking } from './as-role.ts';
import type {
  Budget,
  FoundProduct,
  Health,
  Layer,
  LedgerScreen,
  NewestProduct,
  Overview,
  SpendRow,
} from './shapes.ts';

/** What the screens overview, ledger and product show. */

/** Longer names are cut for lists: one may have 100,000 characters. */
const shownCharacters = 300;
/** Of a name whose own screen it is. */
const longestStory = 4000;

/** The columns of a name that is cut. */
export const cutName = (column: string) =>
  `left(${column}, ${shownCharacters}) as name, length(${column}) as name_length`;

/** The layers of today and of the last 24 hours, what waits, and the newest answers. */
export async function overview(ask: Asking): Promise<Overview> {
  const today = await ask.rows<Layer>(
    `select * from ${ask.at}routing(greatest(now() - date_trunc('day', now()), interval '1 s'))`,
  );
  const hours = await ask.rows<{ hour: string; layer: string; names: number }>(
    `select to_char(date_trunc('hour', created_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as hour, coalesce(source, state) as layer, count(*) as names
       from ${ask.at}products where created_at >= date_trunc('hour', now()) - interval '23 hours' group by 1, 2 order by 1, 2`,
  );
  const [facts] = await ask.rows<Overview['waiting'] & { products: number; at: Date }>(
    `select now() as at,
            (select count(*) from (select from ${ask.at}products p where p.state = 'pending' limit 1000000) p) - q.llm - q.people as local,
            q.llm, q.people, (select count(*) from ${ask.internal}dead_letters) as dead,
            case when c.reltuples < 100000 then (select count(*) from ${ask.at}products) else c.reltuples::bigint end as products
       from pg_class c,
            (select count(distinct p.product_id) filter (where u.available_at < 'infinity') as llm,
                    count(distinct p.product_id) filter (where u.available_at = 'infinity') as people
               from ${ask.internal}queue u join ${ask.at}products p on ${ask.internal}name_hash(p.name_key) = u.name_hash and p.state = 'pending'
               where u.stage = 'llm') q
       where c.oid = $1::regclass`,
    [`${ask.at}products`],
  );
  const newest = await ask.rows<NewestProduct>(
    `select p.product_id, ${cutName("coalesce(p.name, '')")}, coalesce(p.source, p.state) as layer, ${ask.at}category_path(p.category_id) as path
       from ${ask.at}products p order by p.product_id desc limit 8`,
  );
  const { at, products, ...waiting } = facts as NonNullable<typeof facts>;
  return { at: at.toISOString(), today, hours, products, waiting, newest };
}

/** Whether all is well, with what to type; what was saved; the budgets. */
export async function health(ask: Asking): Promise<Health> {
  const items = await ask.rows<Health['health'][number]>(`select * from ${ask.at}health()`);
  const autopilot = await ask.rows<Health['autopilot'][number]>(`select * from ${ask.at}autopilot()`);
  const [saved] = await ask.rows<Health['saved']>(`select * from ${ask.at}savings_readable`);
  return { health: items, autopilot, saved: saved as Health['saved'], budgets: await budgets(ask) };
}

const budgets = (ask: Asking) =>
  ask.rows<Budget>(
    `select budget, most, spent, share, to_char(ends at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"') as ends from ${ask.at}budgets_readable`,
  );

/** What the LLM has cost, by `by`, and by day. */
export async function ledger(ask: Asking, by: string, since: string): Promise<LedgerScreen> {
  const spend = (what: string) =>
    refusing(
      ask.rows<SpendRow>(
        `select what, calls, names, tokens_in, tokens_cached, tokens_out, cost, unknown_calls, unknown_tokens, products, tokens_a_product, simulated
           from ${ask.at}spend($1, $2::interval)`,
        [what, since],
      ),
    );
  const rows = await spend(by);
  return { by, rows, days: by === 'day' ? rows : await spend('day'), budgets: await budgets(ask) };
}

/** So many of the newest products are looked through for a part of a name or an id of the shop's. */
const searched = 100_000;

/** Products by id or by their whole name, and of the newest those by the shop's own id or a part of the name. */
export function findProducts(ask: Asking, text: string): Promise<FoundProduct[]> {
  const id = /^\d{1,15}$/.test(text) ? Number(text) : null;
  return ask.rows(
    `with found as (
       select p.product_id from ${ask.at}products p
         where p.product_id = $2 or ${ask.internal}name_hash(p.name_key) = ${ask.internal}name_hash(${ask.at}normalise($1))
       union
       select n.product_id from (select p.product_id, p.external_id, p.name from ${ask.at}products p order by p.product_id desc limit ${searched}) n
         where n.external_id = $1 or strpos(lower(n.name), lower($1)) > 0
     )
     select p.product_id, p.external_id, ${cutName("coalesce(p.name, '')")}, p.state, p.source, ${ask.at}category_path(p.category_id) as path
       from found join ${ask.at}products p using (product_id) order by p.product_id = $2 desc nulls last, p.product_id desc limit 20`,
    [text, id],
  );
}

/** All that explain() knows of a product; its name is cut. */
export async function story(ask: Asking, productId: number): Promise<unknown> {
  const [row] = await refusing(
    ask.rows<{ story: Record<string, Record<string, unknown>> }>(
      `select x.detail::jsonb as story from ${ask.at}explain($1, as_json => true) x`,
      [productId],
    ),
  );
  const lines = await ask.rows<{ item: string; detail: string }>(
    `select item, left(detail, $2) as detail from ${ask.at}explain($1)`,
    [productId, longestStory],
  );
  const { product } = row?.story ?? {};
  for (const key of ['name', 'name_key'])
    if (product !== undefined && typeof product[key] === 'string') {
      product[`${key}_length`] = Array.from(product[key]).length;
      product[key] = product[key].slice(0, longestStory);
    }
  return { story: row?.story, lines };
}
