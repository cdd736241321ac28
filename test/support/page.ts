import { request } from 'node:http';
import { loadConfig } from '../../src/config.ts';
import { type Dashboard, type DashboardOptions, startDashboard } from '../../src/dashboard/server.ts';
import { type Database, openDatabase } from '../../src/database/connection/open.ts';
import { addToken } from '../../src/database/dashboard/tokens.ts';
import type { TestDatabase } from './database.ts';

/** The page over a test's database, and connections to it that are closed with it. */
export interface TestPage extends Dashboard {
  db: Database;
  /** The links that were made known, the first included. */
  links: string[];
  token(name: string, role: string): Promise<string>;
  stop(): Promise<void>;
}

/** Starts the page as a login that may act as every role. */
export async function startPage(
  database: TestDatabase,
  options: Partial<DashboardOptions> = {},
): Promise<TestPage> {
  const db = openDatabase(database.superUrl, loadConfig({}, {}), 'taxon dashboard');
  const links: string[] = [];
  const page = await startDashboard(db, {
    host: '127.0.0.1',
    port: 0,
    role: 'taxon_admin',
    ...options,
    onLink: (link) => links.push(link),
  });
  return {
    url: page.url,
    get link() {
      return page.link;
    },
    close: page.close,
    db,
    links,
    token: (name, role) => addToken(db, name, role),
    async stop() {
      await page.close();
      await db.close();
    },
  };
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** As JSON; undefined where it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server says
  json: any;
}

/** A request with any header, as no browser lets a page make it. */
export function send(
  url: string,
  {
    method = 'GET',
    headers = {},
    body,
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => {
        let json: unknown;
        try {
          json = JSON.parse(text);
        } catch {
          json = undefined;
        }
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** The cookie that an answer sets, as it is sent back. */
export function cookieOf({ headers }: Answer): string {
  const [first = ''] = (headers['set-cookie'] as string[] | undefined) ?? [];
  return first.split(';')[0] ?? '';
}

/** Requests of the page's own script, signed in. */
export function asPage(base: string, cookie: string) {
  const headers = { 'x-taxon': '1', cookie, 'sec-fetch-site': 'same-origin' };
  return {
    get: (path: string) => send(`${base}/api/${path}`, { headers }),
    act: (action: string, values: unknown = {}) =>
      send(`${base}/api/act`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ action, arguments: values }),
      }),
  };
}

/** Signs in with a token. */
export async function signedIn(base: string, token: string) {
  const answer = await send(`${base}/session`, {
    method: 'POST',
    headers: { 'x-taxon': '1', 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  return { answer, ...asPage(base, cookieOf(answer)) };
}
