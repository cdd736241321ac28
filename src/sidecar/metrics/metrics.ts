import { type Config, version } from '../../config.ts';
import type { Database } from '../../database/connection/open.ts';
import { scrape } from '../../database/metrics.ts';
import { messageOf } from '../../errors.ts';
import { hearTroubles, log } from '../../log.ts';
import type { Encoder } from '../../model/encoder.ts';
import type { Encoders } from '../../model/encoders.ts';
import type { Claims } from '../claims.ts';
import type { Watch } from '../watch.ts';
import { Metrics } from './registry.ts';

/** The server ends a query of /metrics that takes longer; what it takes: docs/measured/serving.md. */
const longestQueryMs = 1000;

/** What the metrics ask of the sidecar when somebody looks. */
export interface Facts {
  worker: string;
  claims: Claims;
  /** The champion that is loaded here; null: none. */
  modelId(): number | null;
  /** When the database was last seen, in milliseconds since the epoch. */
  seenAt(): number;
}

/** What one sidecar counts, and what it says of that to Prometheus. */
export interface Meter extends Watch {
  /** The same encoders, timed. */
  timed(encoders: Encoders): Encoders;
  /** All metrics as text. Of looks at the same time one asks the database. */
  text(facts: Facts): Promise<string>;
  readonly contentType: string;
  close(): void;
}

export function startMeter(db: Database, config: Pick<Config, 'schema'>): Meter {
  const metrics = new Metrics();
  /** Calls that have begun; each is counted once, as the ledger books it in the end. */
  const open = new Set<number>();
  const deaf = hearTroubles((level, message) => {
    metrics.troubles.inc({ level });
    metrics.lastTrouble.reset();
    metrics.lastTrouble.set({ level, message: message.slice(0, 200) }, Date.now() / 1000);
  });

  function timedEncoder(encoder: Encoder): Encoder {
    const { identity, dimension, batchInvariant } = encoder;
    metrics.encoder.set({ encoder: identity }, 1);
    return {
      identity,
      dimension,
      batchInvariant,
      async encode(names, options) {
        const started = performance.now();
        const made = await encoder.encode(names, options);
        meter.encoded(names.length, (performance.now() - started) / 1000);
        return made;
      },
      close: () => encoder.close(),
    };
  }

  async function askDatabase(): Promise<void> {
    const started = performance.now();
    try {
      const { now, booked } = await scrape(db, [...open], longestQueryMs);
      for (const call of booked) if (open.delete(call.llm_call_id)) metrics.booked(call);
      metrics.database(now);
      metrics.databaseUp.set(1);
    } catch (error) {
      log.debug('the database did not answer a scrape', { error: messageOf(error) });
      metrics.database(null);
      metrics.databaseUp.set(0);
    }
    metrics.scrapeSeconds.set((performance.now() - started) / 1000);
  }

  async function look({ worker, claims, modelId, seenAt }: Facts): Promise<string> {
    await askDatabase();
    const { held, owed } = claims.inHand();
    metrics.claims.set({ state: 'held' }, held.length);
    metrics.claims.set({ state: 'owed' }, owed.length);
    metrics.inFlight.set(open.size);
    const id = modelId();
    if (id === null) metrics.model.remove();
    else metrics.model.set(id);
    metrics.seen.set(seenAt() / 1000);
    metrics.info.set({ worker, version, schema: config.schema }, 1);
    return metrics.registry.metrics();
  }

  let looking: Promise<string> | null = null;
  const meter: Meter = {
    decided: (by, names) => metrics.names.inc({ by }, names),
    batch(names, seconds, ended) {
      metrics.batches.observe({ ended }, seconds);
      metrics.batchNames.set(names);
    },
    encoded(names, seconds) {
      metrics.encoded.inc(names);
      metrics.encodings.observe(seconds);
    },
    called: (callId) => void open.add(callId),
    timed: (encoders) => ({
      ...encoders,
      async of(identity) {
        const encoder = await encoders.of(identity);
        return encoder && timedEncoder(encoder);
      },
    }),
    text(facts) {
      looking ??= look(facts).finally(() => {
        looking = null;
      });
      return looking;
    },
    contentType: metrics.registry.contentType,
    close: deaf,
  };
  return meter;
}
