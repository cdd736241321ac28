import { printable } from '../printable.ts';
import { hideSecrets } from '../secrets.ts';
import type { Prompt, Reply, Usage } from './types.ts';

/** The ledger's columns are integers. */
const largestCount = 2 ** 31 - 1;
/** Longer versions and ids are cut. */
const longestName = 200;

/** A count that can be one, else the upper estimate: what may have been charged is booked too high rather than too low. */
function countOr(value: unknown, lowest: number, upper: number): number {
  const count = value as number;
  return Number.isInteger(value) && count >= lowest && count <= largestCount ? count : upper;
}

/** More than any call can cost, and less than the ledger's column holds. */
const mostDollars = 100_000;

/** Usage as the ledger can hold it. What had to be put in for a count that is none is doubted: nobody said it. */
function checkedUsage(
  given: unknown,
  text: unknown,
  { tokensInUpper, maxTokensOut }: Pick<Prompt, 'tokensInUpper' | 'maxTokensOut'>,
): Usage {
  const counts = (given ?? {}) as { [Key in keyof Usage]: unknown };
  const tokensIn = countOr(counts.tokensIn, 1, tokensInUpper);
  const tokensCached = Math.min(tokensIn, countOr(counts.tokensCached, 0, 0));
  const tokensWritten = Math.min(tokensIn - tokensCached, countOr(counts.tokensWritten, 0, 0));
  const tokensOut = countOr(counts.tokensOut, text ? 1 : 0, maxTokensOut);
  const taken = { tokensIn, tokensCached, tokensWritten, tokensOut };
  const cost = counts.cost as number;
  const odd = Object.entries(taken).find(([key, value]) => value !== counts[key as keyof Usage]);
  const doubt =
    typeof counts.doubt === 'string'
      ? counts.doubt
      : odd && `its count of ${spoken[odd[0] as keyof typeof spoken]} cannot be right`;
  return {
    ...taken,
    ...(Number.isFinite(cost) && cost >= 0 && cost <= mostDollars && { cost }),
    ...(doubt !== undefined && { doubt: printable(doubt, longestName) }),
  };
}

const spoken = {
  tokensIn: 'input tokens',
  tokensCached: 'cached tokens',
  tokensWritten: 'tokens written into the cache',
  tokensOut: 'output tokens',
} as const;

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
  const { text, usage, modelVersion, requestId, restMs, cut, thought } = reply as {
    [Key in keyof Reply]: unknown;
  };
  const name = typeof modelVersion === 'string' && modelVersion !== '' ? modelVersion : model;
  return {
    text: typeof text === 'string' ? hideSecrets(text) : '',
    usage: checkedUsage(usage, text, prompt),
    modelVersion: printable(hideSecrets(name), longestName),
    ...(typeof requestId === 'string' && { requestId: printable(hideSecrets(requestId), longestName) }),
    ...(typeof restMs === 'number' && { restMs }),
    ...(cut === true && { cut }),
    ...(thought === true && { thought }),
  };
}
