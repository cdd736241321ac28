import type { Provider } from '../../../src/llm/types.ts';

const no = () => Promise.reject(new Error('not called here'));

/** A provider for tests of who is asked when: nothing in them makes a call. */
export function silentProvider(model: string): Provider {
  const results = (): never => {
    throw new Error('not called here');
  };
  const batches = { submit: no, find: no, look: no, results, cancel: no };
  const quiet = { room: () => 0, learnt: () => null };
  return { name: 'openai', model, simulated: false, complete: no, batches, ...quiet };
}
