import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SocketProxy {
  /** The same URL through the proxy. */
  urlOf(url: string): string;
  stop(): Promise<void>;
}

/** The server is done with what it was asked and waits, outside a transaction: ReadyForQuery, idle. */
export const idle = Buffer.from('Z\0\0\0\x05I', 'latin1');

/**
 * A proxy before a server's Unix socket.
 *
 * @param pass brings together what comes near with a connection of its own to the server, far
 */
export async function startSocketProxy(
  serverUrl: string,
  pass: (near: Socket, far: Socket) => void,
): Promise<SocketProxy> {
  const server = new URL(serverUrl);
  const port = server.searchParams.get('port') ?? '5432';
  const target = join(server.searchParams.get('host') ?? '', `.s.PGSQL.${port}`);
  const folder = mkdtempSync(join(tmpdir(), 'proxy-'));
  const all = new Set<Socket>();
  const proxy = createServer((near) => {
    const far = connect(target);
    for (const socket of [near, far]) {
      all.add(socket);
      socket.on('close', () => all.delete(socket));
    }
    pass(near, far);
  });
  await new Promise<void>((resolve) => proxy.listen(join(folder, `.s.PGSQL.${port}`), resolve));
  return {
    urlOf(url) {
      const through = new URL(url);
      through.searchParams.set('host', folder);
      return through.href;
    },
    async stop() {
      for (const socket of all) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
