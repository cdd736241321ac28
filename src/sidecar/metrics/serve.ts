import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Config } from '../../config.ts';
import { messageOf, TaxonError } from '../../errors.ts';
import { log } from '../../log.ts';
import { printable } from '../../printable.ts';
import { hideSecrets } from '../../secrets.ts';

/** What the server asks when somebody looks. */
export interface Answers {
  metrics(): Promise<{ type: string; text: string }>;
  /** Why the sidecar does not work, null where it does; `database` false: leaves out whether the database is there. */
  trouble(database: boolean): string | null;
}

/**
 * Serves /metrics for Prometheus, /healthz (200 while the loops turn and the database is seen, else 503 and why) and /livez
 * (the same without the database: who restarts a sidecar because its database is away loses answers that it still holds).
 *
 * @param answers null until the sidecar has started: 503
 * @throws TaxonError when the port cannot be opened
 */
export async function serveMetrics(
  config: Pick<Config, 'metricsHost'> & { metricsPort: number },
  answers: () => Answers | null,
): Promise<{ close(): Promise<void> }> {
  async function answer({ url = '', method }: IncomingMessage, response: ServerResponse): Promise<void> {
    const say = (status: number, text: string, type = 'text/plain; charset=utf-8') =>
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text);
    if (method !== 'GET' && method !== 'HEAD') return void say(405, 'GET only\n');
    const [path] = url.split('?', 1);
    if (!['/metrics', '/healthz', '/livez'].includes(path as string))
      return void say(404, 'there are /metrics, /healthz and /livez\n');
    const sidecar = answers();
    if (sidecar === null) return void say(503, 'it starts\n');
    if (path === '/metrics') {
      const { type, text } = await sidecar.metrics();
      return void say(200, text, type);
    }
    const trouble = sidecar.trouble(path === '/healthz');
    say(trouble === null ? 200 : 503, `${printable(hideSecrets(trouble ?? 'ok'), 1000)}\n`);
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      log.warn('a look at the metrics failed', { error: messageOf(error) });
      response.destroy();
    });
  });
  const { metricsHost: host, metricsPort: port } = config;
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    throw new TaxonError(`/metrics cannot be served on ${host} port ${port}: ${messageOf(error)}`, {
      hint: 'Give each sidecar of a machine a port of its own: --metrics-port, TAXON_METRICS_PORT; 0 is one that is free.',
      exitCode: 2,
    });
  }
  // it alone keeps no process alive
  server.unref();
  const { port: opened } = server.address() as AddressInfo;
  log.info('metrics are served', { url: `http://${host}:${opened}/metrics` });
  return {
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
