import { idle, type SocketProxy, startSocketProxy } from './socket-proxy.ts';

/** The connection is cut, or stays open and nothing comes over it any more. */
export type Loss = 'cut' | 'swallowed';

export interface LosingProxy extends SocketProxy {
  /**
   * Of the next statement that holds `statement` and whose answer holds `answer`, the server does what it says and its
   * client never hears of it. Resolves when that has happened.
   */
  lose(loss: Loss, statement: string, answer?: string): Promise<void>;
}

/** A proxy before a server's Unix socket that loses an answer after its COMMIT. */
export async function startLosingProxy(serverUrl: string): Promise<LosingProxy> {
  let plan: { loss: Loss; statement: string; answer: string; done: () => void } | null = null;

  const proxy = await startSocketProxy(serverUrl, (near, far) => {
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
      a.on('error', () => {});
      a.on('close', () => b.destroy());
    }
  });
  return {
    ...proxy,
    lose(loss, statement, answer = '') {
      return new Promise((done) => {
        plan = { loss, statement, answer, done };
      });
    },
  };
}
