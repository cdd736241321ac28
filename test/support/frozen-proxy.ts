import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface FrozenProxy {
  /** The same URL through the proxy. */
  urlOf(url: string): string;
  /** From now on nothing passes over the connections that are open; none is closed. New ones work. */
  freeze(): void;
  stop(): Promise<void>;
}

/** A proxy before a server's Unix socket that can make connections half-open. */
export async function startFrozenProxy(serverUrl: string): Promise<FrozenProxy> {
  const server = new URL(serverUrl);
  const port = server.searchParams.get('port') ?? '5432';
  const target = join(server.searchParams.get('host') ?? '', `.s.PGSQL.${port}`);
  const folder = mkdtempSync(join(tmpdir(), 'proxy-'));
  let open: Socket[] = [];
  const all: Socket[] = [];
  const proxy = createServer((near) => {
    const far = connect(target);
    for (const [a, b] of [
      [near, far],
      [far, near],
    ] as const) {
      a.pipe(b);
      a.on('error', () => b.destroy());
      open.push(a);
      all.push(a);
    }
  });
  await new Promise<void>((resolve) => proxy.listen(join(folder, `.s.PGSQL.${port}`), resolve));
  return {
    urlOf(url) {
      const through = new URL(url);
      through.searchParams.set('host', folder);
      return through.href;
    },
    freeze() {
      for (const socket of open) socket.unpipe().pause();
      open = [];
    },
    async stop() {
      for (const socket of all) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
