import type { Config } from '../../config.ts';
import type { Database } from '../../database/connection/open.ts';
import type { Encoders } from '../../model/encoders.ts';
import { briefly } from '../claims.ts';
import { unwatched, type Watch } from '../watch.ts';
import type { Facts } from './metrics.ts';

/** The database counts as away when no heartbeat has reached it for so long; health() calls the sidecar dead then. */
const unseenMs = 30_000;

/** A loop that has not looked for work for so long hangs: of what it waits for, the slowest counts as lost by then. */
const stuckMs = (config: Pick<Config, 'leaseSeconds'>) => 10 * briefly(config) + 60_000;

/** A sidecar that works, as those who look ask about it. */
export interface Life extends Facts {
  /** When each loop last looked for work, in milliseconds since the epoch. */
  loops(): { name: string; turnedAt: number }[];
  stopping: AbortSignal;
}

/** Why a sidecar does not work; null: it does. `database`: whether it counts that the database is away. */
export function troubleOf(
  life: Life,
  config: Pick<Config, 'leaseSeconds'>,
  database: boolean,
): string | null {
  const now = Date.now();
  if (life.stopping.aborted) return 'it stops';
  const stuck = life.loops().find(({ turnedAt }) => now - turnedAt > stuckMs(config));
  const ago = (moment: number) => `${Math.round((now - moment) / 1000)} s`;
  if (stuck !== undefined) return `the ${stuck.name} loop has not turned for ${ago(stuck.turnedAt)}`;
  if (database && now - life.seenAt() > unseenMs)
    return `the database was last seen ${ago(life.seenAt())} ago`;
  return null;
}

/** What a sidecar is given to be looked at. */
export interface Look {
  watch: Watch;
  timed(encoders: Encoders): Encoders;
  /** The sidecar works: from now on it is asked. */
  at(life: Life): void;
  close(): Promise<void>;
}

/**
 * Opens the port of /metrics, /healthz and /livez where the settings name one; else nothing is counted and nothing served.
 *
 * @throws TaxonError when the port cannot be opened
 */
export async function openLook(db: Database, config: Config): Promise<Look> {
  const { metricsPort } = config;
  if (metricsPort === undefined)
    return { watch: unwatched, timed: (encoders) => encoders, at() {}, close: async () => {} };
  // loaded where it is asked for
  const { startMeter } = await import('./metrics.ts');
  const { serveMetrics } = await import('./serve.ts');
  const meter = startMeter(db, config);
  let life: Life | null = null;
  const answersOf = (life: Life) => ({
    metrics: async () => ({ type: meter.contentType, text: await meter.text(life) }),
    trouble: (database: boolean) => troubleOf(life, config, database),
  });
  const server = await serveMetrics({ ...config, metricsPort }, () => life && answersOf(life)).catch(
    (error) => {
      meter.close();
      throw error;
    },
  );
  return {
    watch: meter,
    timed: meter.timed,
    at(started) {
      life = started;
    },
    async close() {
      meter.close();
      await server.close();
    },
  };
}
