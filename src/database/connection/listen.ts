import { createHash } from 'node:crypto';
import pgListen from 'pg-listen';
import { messageOf } from '../../errors.ts';
import { log } from '../../log.ts';
import { newClient, settledConfig } from './connect.ts';

// pg-listen is CommonJS with its function under `default`.
const createSubscriber = pgListen.default;

/** How often a listener that works is asked whether it still hears. */
const heartbeatMs = 10_000;
/** How long a notification to ourselves may take. */
const echoMs = 3_000;
/** How long to wait before another try where LISTEN does not work (a transaction pooler, a database that is down). */
const retryMs = 5_000;

export interface Listener {
  /** Whether notifications arrive at this moment. */
  hears(): boolean;
  close(): Promise<void>;
}

const probeOptions = {
  application_name: 'taxon probe',
  connectionTimeoutMillis: echoMs,
  query_timeout: echoMs,
};

/** Sends a notification over a connection of its own. */
async function ring(url: string, channel: string): Promise<void> {
  const client = newClient(url, probeOptions);
  try {
    await client.connect();
    await client.query('select pg_notify($1, $2)', [channel, '']);
  } finally {
    void client.end().catch(() => {});
  }
}

/**
 * Listens on a channel and keeps listening. A half-open socket looks alive, and a transaction pooler accepts LISTEN and
 * never delivers what others notify; yet it delivers what comes back over this very connection, and
 * pg_listening_channels() names the channel too (both seen with PgBouncer). So the heartbeat notifies from another
 * connection and must hear it in time; otherwise the connection is made anew.
 *
 * @param url     a direct connection
 * @param channel what the database notifies: the schema's name
 * @param name    of this process alone
 * @param onWake  called for every notification and after every (re)connect, since some may have been missed
 * @param beatMs  milliseconds from one heartbeat to the next
 */
export function listen(
  url: string,
  channel: string,
  name: string,
  onWake: () => void,
  beatMs = heartbeatMs,
): Listener {
  // a digest: the names of channels end after 63 bytes, those of hosts do not
  const probe = `taxon_${createHash('sha256').update(name).digest('hex').slice(0, 40)}`;
  let closed = false;
  let hearing = false;
  let stop = () => {};
  let echo = () => {};

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      stop = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async function session(): Promise<void> {
    let over = false;
    const retryInterval = () => {
      if (over) throw new Error('closed while connecting again');
      return 500;
    };
    const subscriber = createSubscriber(
      { ...(await settledConfig(url, probeOptions)), application_name: 'taxon listen' },
      { retryTimeout: 0, retryInterval, paranoidChecking: false, parse: (payload: string) => payload },
    );
    // pg-listen ends the connection of the moment; one that it is making again at that time would stay for ever
    const end = () => void subscriber.close().catch(() => {});
    subscriber.notifications.on(channel, onWake);
    subscriber.notifications.on(probe, () => echo());
    subscriber.events.on('reconnect', () => {
      hearing = false;
    });
    // also after pg-listen connected again by itself: what was missed is swept up, and the echo is asked for at once
    subscriber.events.on('connected', () => {
      if (over) return end();
      onWake();
      stop();
    });
    subscriber.events.on('error', (error) => log.debug('listener', { error: messageOf(error) }));
    try {
      await subscriber.connect();
      await subscriber.listenTo(channel);
      await subscriber.listenTo(probe);
      while (!closed) {
        const heard = new Promise<boolean>((resolve) => {
          echo = () => resolve(true);
          setTimeout(() => resolve(false), echoMs).unref();
        });
        ring(url, probe).catch((error) => log.debug('listener', { error: messageOf(error) }));
        const before = hearing;
        hearing = (await heard) && !closed;
        if (!hearing) return;
        if (!before) onWake();
        await pause(beatMs);
      }
    } finally {
      hearing = false;
      over = true;
      end(); // not awaited: a half-open socket would let it wait for ever
    }
  }

  async function run(): Promise<void> {
    while (!closed) {
      await session().catch((error) => log.debug('cannot listen', { error: messageOf(error) }));
      if (!closed) await pause(retryMs);
    }
  }
  const running = run();
  return {
    hears: () => hearing,
    async close() {
      closed = true;
      echo();
      stop();
      await running;
    },
  };
}
