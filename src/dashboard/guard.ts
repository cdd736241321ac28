import type { FastifyReply, FastifyRequest } from 'fastify';
import { policy } from './page.ts';

/** The hosts that a browser may call the page by, each with its port. */
export interface Address {
  hosts: ReadonlySet<string>;
  /** Any host is fine: people come from elsewhere, with tokens that a browser sends to the page's own host only. */
  anyHost: boolean;
}

const headers: Readonly<Record<string, string>> = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
  'cache-control': 'no-store',
};

/** The header that our own page sends with what it asks: another origin's cannot without asking first. */
const ours = 'x-taxon';

/** Sets what every answer carries, and says why a request is refused; null: it is not. */
export function refusal(request: FastifyRequest, reply: FastifyReply, address: Address): string | null {
  reply.headers(headers);
  const host = request.headers.host?.toLowerCase() ?? '';
  // a name of somebody else's that leads to this machine
  if (!address.anyHost && !address.hosts.has(host)) return `this page is not called ${host.slice(0, 100)}`;
  const site = request.headers['sec-fetch-site'];
  const { origin } = request.headers;
  const isPage = request.method === 'GET' && !request.url.startsWith('/api/');
  if (isPage) return null;
  if (site !== undefined && site !== 'same-origin') return 'asked by a page of another origin';
  if (origin !== undefined && !sameHost(origin, host, address.hosts))
    return 'asked by a page of another origin';
  if (request.headers[ours] !== '1') return `the header ${ours} is missing`;
  if (request.method === 'POST' && origin === undefined && site === undefined)
    return 'a change must say from which page it comes';
  return null;
}

function sameHost(origin: string, host: string, hosts: ReadonlySet<string>): boolean {
  const from = URL.parse(origin)?.host;
  return from !== undefined && (from === host || hosts.has(from));
}
