import type { AddressInfo } from 'node:net';
import cookies from '@fastify/cookie';
import fastify, { type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Database } from '../database/connection/open.ts';
import type { PageRole } from '../database/dashboard/as-role.ts';
import { mayBecome } from '../database/dashboard/as-role.ts';
import { requireRole } from '../database/dashboard/tokens.ts';
import { messageOf, TaxonError } from '../errors.ts';
import { log } from '../log.ts';
import { Entry } from './entry.ts';
import { firstModules, readFiles } from './files.ts';
import { type Address, refusal } from './guard.ts';
import { page } from './page.ts';
import { addRoutes } from './routes.ts';

export interface DashboardOptions {
  host: string;
  /** 0: any that is free. */
  port: number;
  /** What the person at this machine may do; not given: taxon_admin where this login may act as it, else its own rights. */
  role?: PageRole;
  /** Where people reach the page through a proxy, such as https://taxon.shop.example; only tokens open it then. */
  publicUrl?: string;
  /** Called with each new link: the first, and another as soon as one was used. */
  onLink?: (url: string) => void;
}

export interface Dashboard {
  /** Where the page is, without a key. */
  readonly url: string;
  /** The link that opens it once; null: it takes tokens only. */
  readonly link: string | null;
  close(): Promise<void>;
}

const isLoopback = (host: string) => host === 'localhost' || host === '::1' || /^127\./.test(host);

/** SQLSTATE of the server's refusal for lack of rights. */
const mayNot = '42501';

/**
 * Serves the page. On this machine a link with a key that works once opens it; listening elsewhere, or behind a proxy, it takes
 * the tokens of `taxon dashboard token add`.
 *
 * @throws TaxonError where the role cannot be acted as, or the port is taken
 */
export async function startDashboard(db: Database, options: DashboardOptions): Promise<Dashboard> {
  const { host, publicUrl } = options;
  if (options.role !== undefined) await requireRole(db, options.role);
  const role = options.role ?? ((await mayBecome(db, 'taxon_admin')) ? 'taxon_admin' : null);
  const own = isLoopback(host) && publicUrl === undefined;
  const entry = new Entry(db, role, own);
  const files = readFiles();
  const html = page(firstModules(files));
  const hosts = new Set<string>();
  const address: Address = { hosts, anyHost: !isLoopback(host) };
  const app = fastify({ forceCloseConnections: true, bodyLimit: 1_000_000 });
  app.removeContentTypeParser('text/plain');
  await app.register(cookies);
  let cookieName = 'taxon';

  app.decorateRequest('visitor', null);
  app.addHook('onRequest', async (request, reply) => {
    const why = refusal(request, reply, address);
    if (why !== null) return reply.code(403).send({ error: why });
    if (!request.url.startsWith('/api/')) return;
    request.visitor = await entry.visitor(request.cookies[cookieName]);
    if (request.visitor === null) return reply.code(401).send({ error: 'nobody is signed in here' });
  });
  app.setErrorHandler((error: FastifyError | Error, _, reply) => answerError(error, reply));
  app.setNotFoundHandler((_, reply) => reply.code(404).send({ error: 'there is no such page' }));

  const signIn = (reply: FastifyReply, value: string) =>
    reply.setCookie(cookieName, value, {
      httpOnly: true,
      sameSite: 'strict',
      path: '/',
      secure: publicUrl?.startsWith('https:') ?? false,
      // a link's session ends with the browser's, a token's after a month
      ...(own ? {} : { maxAge: 30 * 86_400 }),
    });
  app.get<{ Querystring: { key?: string } }>('/', (request, reply) => {
    const { key } = request.query;
    const session = typeof key === 'string' ? entry.useLink(key) : null;
    if (session !== null) {
      signIn(reply, session);
      options.onLink?.(link() as string);
    }
    return reply.type('text/html; charset=utf-8').send(html);
  });
  app.post<{ Body: { token?: unknown } }>('/session', async (request, reply) => {
    const { token } = request.body;
    const visitor = typeof token === 'string' ? await entry.visitor(token) : null;
    if (visitor === null || visitor.name === null)
      return reply.code(401).send({ error: 'that is no token of anybody' });
    signIn(reply, token as string);
    return { name: visitor.name };
  });
  app.post('/session/end', (request, reply) => {
    entry.leave(request.cookies[cookieName] ?? '');
    return reply.clearCookie(cookieName, { path: '/' }).send({});
  });
  for (const [path, file] of files)
    app.get(path, (request: FastifyRequest, reply: FastifyReply) => {
      reply.header('cache-control', 'no-cache').header('etag', file.etag);
      if (request.headers['if-none-match'] === file.etag) return reply.code(304).send();
      return reply.type(file.type).send(file.body);
    });
  addRoutes(app, db, entry);

  await listen(app, host, options.port);
  const { port } = app.server.address() as AddressInfo;
  // cookies do not know ports: two pages of one machine would sign each other out
  cookieName = `taxon_${port}`;
  for (const name of ['localhost', '127.0.0.1', '[::1]', host.includes(':') ? `[${host}]` : host])
    hosts.add(`${name}:${port}`.toLowerCase());
  if (publicUrl !== undefined) hosts.add(new URL(publicUrl).host);
  const url = publicUrl ?? `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const link = () => (entry.key === null ? null : `${url}/?key=${entry.key}`);
  return {
    url,
    get link() {
      return link();
    },
    close: () => app.close(),
  };
}

async function listen(app: ReturnType<typeof fastify>, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EACCES' && code !== 'EADDRNOTAVAIL') throw error;
    throw new TaxonError(`the page cannot listen on ${host} port ${port}: ${code}`, {
      hint: 'Give another: --port 0 takes any that is free.',
      cause: error,
    });
  }
}

function answerError(error: FastifyError | Error, reply: FastifyReply): FastifyReply {
  const { code, statusCode, hint } = error as FastifyError & { hint?: string };
  if (error instanceof TaxonError)
    return reply.code(error.exitCode === 2 ? 400 : 409).send({ error: error.message, hint: error.hint });
  if (code === mayNot)
    return reply.code(403).send({ error: `the database refuses: ${messageOf(error)}`, hint });
  // SQLSTATE class 22: a value that is none of its type
  if (/^22/.test(code ?? '')) return reply.code(400).send({ error: messageOf(error) });
  if (statusCode !== undefined && statusCode < 500)
    return reply.code(statusCode).send({ error: error.message });
  log.warn('the page was not answered', { error: messageOf(error) });
  return reply.code(500).send({ error: messageOf(error) });
}
