import { printable } from '../printable.ts';
import { hideSecrets } from '../secrets.ts';
import type { Prompt, Reply } from './types.ts';

/** The ledger's columns are integers. */
const largestCount = 2 ** 31 - 1;
/** Longer versions and ids are cut. */
const longestName = 200;

/** A count that can be one, else the upper estimate: what may have been charged is booked too high rather than too low. */
function countOr(value: unknown, lowest: number, upper: number): number {
  const count = value as number;
  return Number.isInteger(value) && count >= lowest && count <= largestCount ? count : upper;
}

/**
 * A provider's reply with everything beside its text made fit for the ledger, whatever the server sent. Types are only
 * claimed by it: a count of "1e9", or a NUL in the model's name, made each settling of a paid answer fail, and the name
 * was paid for again. Servers echo what they were sent: no field keeps a key.
 */
export function checkedReply(
  reply: Reply,
  prompt: Pick<Prompt, 'tokensInUpper' | 'maxTokensOut'>,
  model: string,
): Reply {
  const { text, usage, modelVersion, requestId, restMs } = reply as { [Key in keyof Reply]: unknown };
  const counts = (usage ?? {}) as { [Key in keyof Reply['usage']]: unknown };
  const tokensIn = countOr(counts.tokensIn, 1, prompt.tokensInUpper);
  const name = typeof modelVersion === 'string' && modelVersion !== '' ? modelVersion : model;
  return {
    text: typeof text === 'string' ? hideSecrets(text) : '',
    usage: {
      tokensIn,
      tokensCached: Math.min(tokensIn, countOr(counts.tokensCached, 0, 0)),
      tokensOut: countOr(counts.tokensOut, text ? 1 : 0, prompt.maxTokensOut),
    },
    modelVersion: printable(hideSecrets(name), longestName),
    ...(typeof requestId === 'string' && { requestId: printable(hideSecrets(requestId), longestName) }),
    ...(typeof restMs === 'number' && { restMs }),
  };
}
