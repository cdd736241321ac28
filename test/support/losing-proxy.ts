import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The connection is cut, or stays open and nothing comes over it any more. */
export type Loss = 'cut' | 'swallowed';

export interface LosingProxy {
  /** The same URL through the proxy. */
  urlOf(url: string): string;
  /**
   * Of the next statement that holds `statement` and whose answer holds `answer`, the server does what it says and its
   * client never hears of it. Resolves when that has happened.
   */
  lose(loss: Loss, statement: string, answer?: string): Promise<void>;
  stop(): Promise<void>;
}

/** The server is done with what it was asked and waits, outside a transaction: ReadyForQuery, idle. */
const idle = Buffer.from('Z\0\0\0\x05I', 'latin1');

/** A proxy before a server's Unix socket that loses an answer after its COMMIT. */
export async function startLosingProxy(serverUrl: string): Promise<LosingProxy> {
  const server = new URL(serverUrl);
  const port = server.searchParams.get('port') ?? '5432';
  const target = join(server.searchParams.get('host') ?? '', `.s.PGSQL.${port}`);
  const folder = mkdtempSync(join(tmpdir(), 'proxy-'));
  const all = new Set<Socket>();
  let plan: { loss: Loss; statement: string; answer: string; done: () => void } | null = null;

  const proxy = createServer((near) => {
    const far = connect(target);
    let held: Buffer[] | null = null;
    // what was asked last: it may be on its way already when its answer is wanted lost
    let asked: Buffer[] = [];
    let answered = false;
    near.on('data', (data) => {
      if (answered) asked = [];
      answered = false;
      asked.push(data);
      far.write(data);
    });
    far.on('data', (data) => {
      if (!answered && plan !== null && Buffer.concat(asked).includes(plan.statement)) held = [];
      answered = true;
      if (held === null) {
        near.write(data);
        return;
      }
      held.push(data);
      const answer = Buffer.concat(held);
      if (!answer.subarray(-idle.length).equals(idle)) return;
      if (plan === null || !answer.includes(plan.answer)) {
        held = null;
        near.write(answer);
        return;
      }
      const { loss, done } = plan;
      plan = null;
      if (loss === 'cut') {
        near.destroy();
        far.destroy();
      }
      done();
    });
    for (const [a, b] of [
      [near, far],
      [far, near],
    ] as const) {
      all.add(a);
      a.on('error', () => {});
      a.on('close', () => {
        all.delete(a);
        b.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => proxy.listen(join(folder, `.s.PGSQL.${port}`), resolve));
  return {
    urlOf(url) {
      const through = new URL(url);
      through.searchParams.set('host', folder);
      return through.href;
    },
    lose(loss, statement, answer = '') {
      return new Promise((done) => {
        plan = { loss, statement, answer, done };
      });
    },
    async stop() {
      for (const socket of all) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
