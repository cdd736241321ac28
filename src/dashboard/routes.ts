import type { FastifyInstance, FastifyRequest } from 'fastify';
import { version } from '../config.ts';
import type { Database } from '../database/connection/open.ts';
import { act, allowed } from '../database/dashboard/act.ts';
import { type Arguments, actions, asSql, isAction } from '../database/dashboard/actions.ts';
import { type Asking, asRole } from '../database/dashboard/as-role.ts';
import {
  candidates,
  choices,
  mistakes,
  review,
  simulate,
  thresholds,
} from '../database/dashboard/judging.ts';
import { kinds } from '../database/dashboard/kinds.ts';
import { models, taxonomy } from '../database/dashboard/models-and-tree.ts';
import { findProducts, health, ledger, overview, story } from '../database/dashboard/screens.ts';
import type { Me } from '../database/dashboard/shapes.ts';
import { misuse } from '../errors.ts';
import type { Entry, Visitor } from './entry.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set for every request below /api/. */
    visitor: Visitor | null;
  }
}

type Query = Readonly<Record<string, string | undefined>>;

function number(query: Query, key: string, otherwise?: number): number {
  const text = query[key];
  const value = text === undefined || text === '' ? otherwise : Number(text);
  if (value === undefined || !Number.isFinite(value)) throw misuse(`${key} is no number`);
  return value;
}

function visitorOf(request: FastifyRequest): Visitor {
  if (request.visitor === null) throw new Error('a request below /api/ came without a visitor');
  return request.visitor;
}

/** What each screen reads, by its path below /api/. */
type Screen = (ask: Asking, query: Query, visitor: Visitor) => Promise<unknown>;

/** One path a screen, all of them read-only; and the one path that changes anything. */
export function addRoutes(app: FastifyInstance, db: Database, entry: Entry): void {
  const screens: Readonly<Record<string, Screen>> = {
    me: async (ask, _, { name, role }): Promise<Me> => ({
      name,
      role,
      schema: ask.schema,
      version,
      allowed: await allowed(ask),
    }),
    overview: (ask) => overview(ask),
    health: (ask) => health(ask),
    thresholds: (ask, query) =>
      thresholds(ask, number(query, 'max_error', 0.05), number(query, 'confidence', 0.95)),
    simulate: (ask, query) => simulate(ask, number(query, 'l1'), number(query, 'l2'), number(query, 'l3')),
    review: (ask, query, visitor) =>
      review(ask, query.kind === 'audits' ? 'audits' : 'checks', entry.decided(visitor)),
    candidates: (ask, query) => candidates(ask, number(query, 'check_id')),
    choices: (ask) => choices(ask),
    mistakes: (ask) => mistakes(ask),
    kinds: (ask, query, visitor) =>
      kinds(
        ask,
        query.kind_id === undefined ? null : number(query, 'kind_id'),
        number(query, 'shown', 12),
        visitor.name,
      ),
    models: (ask) => models(ask),
    taxonomy: (ask) => taxonomy(ask),
    ledger: (ask, query) => ledger(ask, query.by ?? 'layer', query.since ?? '30 days'),
    products: (ask, query) => findProducts(ask, query.text ?? ''),
    story: (ask, query) => story(ask, number(query, 'product_id')),
  };
  for (const [name, screen] of Object.entries(screens))
    app.get<{ Querystring: Query }>(`/api/${name}`, (request) => {
      const visitor = visitorOf(request);
      return asRole(db, visitor.role, 'read only', (ask) => screen(ask, request.query, visitor));
    });

  app.post<{ Body: { action?: unknown; arguments?: unknown } }>('/api/act', async (request) => {
    const { action, arguments: values } = request.body;
    if (typeof action !== 'string' || !isAction(action)) throw misuse('the page has no such action');
    if (values === null || typeof values !== 'object' || Array.isArray(values))
      throw misuse('the arguments are no object');
    const visitor = visitorOf(request);
    const signed = sign(action, values as Arguments, visitor.name);
    // before the call: what does not fit the function's parameters goes no further
    const sql = written(() => asSql(db.schema, action, signed));
    const rows = await asRole(db, visitor.role, 'read write', (ask) => act(ask, action, signed));
    const checkId = (signed.check_id ?? rows[0]?.check_id) as number | undefined;
    if (['confirm', 'reject', 'undo_check'].includes(action) && typeof checkId === 'number')
      entry.noteDecision(visitor, checkId, action === 'undo_check');
    return { rows, sql };
  });
}

function written(make: () => string): string {
  try {
    return make();
  } catch (error) {
    throw misuse((error as Error).message);
  }
}

/** Whoever comes with a token of his own stands in the reason, as all of them share one login of the database. */
function sign(action: keyof typeof actions, values: Arguments, name: string | null): Arguments {
  if (name === null || !('reason' in actions[action])) return values;
  const reason = typeof values.reason === 'string' ? values.reason.trim() : '';
  return reason === '' ? values : { ...values, reason: `${reason} (${name})` };
}
