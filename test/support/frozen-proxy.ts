import type { Socket } from 'node:net';
import { type SocketProxy, startSocketProxy } from './socket-proxy.ts';

export interface FrozenProxy extends SocketProxy {
  /** From now on nothing passes over the connections that are open; none is closed. New ones work. */
  freeze(): void;
}

/** A proxy before a server's Unix socket that can make connections half-open. */
export async function startFrozenProxy(serverUrl: string): Promise<FrozenProxy> {
  let open: Socket[] = [];
  const proxy = await startSocketProxy(serverUrl, (near, far) => {
    for (const [a, b] of [
      [near, far],
      [far, near],
    ] as const) {
      a.pipe(b);
      a.on('error', () => b.destroy());
      open.push(a);
    }
  });
  return {
    ...proxy,
    freeze() {
      for (const socket of open) socket.unpipe().pause();
      open = [];
    },
  };
}
