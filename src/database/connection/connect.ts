import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import pg from 'pg';
import { type Encryption, readAddress } from './tls.ts';

/** What pg's connection has beside its types. */
interface Wire extends EventEmitter {
  ssl: unknown;
  stream: Duplex;
  connect(port: number, host: string): void;
  attachListeners(stream: Duplex): void;
}
const PgConnection = pg.Connection as unknown as new (config: object) => Wire;

/** Goes on in plain text where the server says that it cannot encrypt; pg itself gives up. */
class Preferring extends PgConnection {
  override connect(port: number, host: string): void {
    super.connect(port, host);
    const judge = this.stream.listeners('data')[0] as ((reply: Buffer) => void) | undefined;
    if (judge === undefined) return;
    this.stream.removeListener('data', judge);
    this.stream.once('data', (reply: Buffer) => {
      if (reply.toString() !== 'N') return judge.call(this.stream, reply);
      this.attachListeners(this.stream);
      this.emit('sslconnect');
    });
  }
}

/** Whether a connection goes to a Unix socket, as pg finds it: from the address, PGHOST or the default. */
const isSocket = (config: pg.ClientConfig) => new pg.Client(config).host.startsWith('/');

/** What pg is given for an address. */
function clientConfig(url: string): { config: pg.ClientConfig; orPlain: boolean } {
  const { url: connectionString, encryption } = readAddress(url);
  const plain: Encryption = { ssl: false, orPlain: false };
  const { ssl, orPlain } = isSocket({ connectionString, ssl: true }) ? plain : encryption;
  return { config: { connectionString, ssl }, orPlain };
}

type Options = Omit<pg.ClientConfig, 'connectionString' | 'ssl'>;

/** A client that encrypts as its configuration says; `orPlain` comes with it through a pool. */
class Client extends pg.Client {
  constructor(config: pg.ClientConfig & { orPlain?: boolean }) {
    const { ssl, keepAlive = false, orPlain } = config;
    const connection = orPlain && ssl ? new Preferring({ ssl, keepAlive }) : undefined;
    super({ ...config, ...(connection && { connection }) } as pg.ClientConfig);
    // What runs on it fails too. Unheard, it would end the process: a server that stops may say so with its greeting, before
    // whoever asked for the connection has it.
    this.on('error', () => {});
  }
}

/** A connection to an address, encrypted as it says; still to be connected. Every one of this program is made here. */
export function newClient(url: string, options: Options): pg.Client {
  const { config, orPlain } = clientConfig(url);
  return new Client({ ...options, ...config, orPlain } as pg.ClientConfig);
}

/** A pool of such connections. */
export function newPool(url: string, options: Omit<pg.PoolConfig, 'connectionString' | 'ssl'>): pg.Pool {
  const { config, orPlain } = clientConfig(url);
  return new pg.Pool({ ...options, ...config, orPlain, Client } as unknown as pg.PoolConfig);
}

/** How a connection to an address is encrypted at this moment, for libraries that make their own: it is tried. */
export async function settledConfig(url: string, options: Options): Promise<pg.ClientConfig> {
  const { config, orPlain } = clientConfig(url);
  if (!orPlain || !config.ssl) return config;
  const client = newClient(url, options);
  try {
    await client.connect();
    const { stream } = (client as unknown as { connection: { stream: Duplex | TLSSocket } }).connection;
    return 'encrypted' in stream ? config : { ...config, ssl: false };
  } finally {
    void client.end().catch(() => {});
  }
}
