import type { Usage } from '../llm/types.ts';
import type { FaultKind } from './faults.ts';

/** Tokens of one call. `tokensCached` and `tokensWritten` are parts of `tokensIn`. */
export interface Counted extends Usage {
  /** Written to the prompt cache, which Anthropic charges for; 0 in the OpenAI protocol. */
  tokensWritten: number;
}

/** One call, or one request of a batch, as the server saw it. Its tokens are the server's own count. */
export interface SimulatedCall extends Counted {
  /** The id that the client got: in the header (x-request-id, request-id) and as the id of completion or message. */
  requestId: string;
  /** The client's own id of it, in the header x-client-request-id. */
  clientId?: string;
  protocol: 'openai' | 'anthropic';
  model: string | null;
  /** The batch that it belongs to; a call by itself has none. */
  batch?: string;
  customId?: string;
  /**
   * `open`: not ended yet, or a request of a batch whose results nobody has fetched; `answered`: the whole answer was
   * handed to the network; `unanswered`: worked on, but the answer was lost or spoiled; `refused`: nothing worked on.
   */
  outcome: 'open' | 'answered' | 'unanswered' | 'refused';
  /** How many names the prompt asked about. */
  names: number;
  fault?: FaultKind;
  /** What the reply said of its tokens, false where a fault made it so; null when it said nothing. */
  said?: Counted | null;
}

export interface SimulatorStats extends Counted {
  simulated: true;
  calls: number;
  /** How many of these were requests of batches. */
  batched: number;
  open: number;
  answered: number;
  unanswered: number;
  refused: number;
  /** Names of the answered calls, with repetition; the tokens too are those of answered calls. */
  names: number;
  /** How many calls each fault hit. */
  faults: Partial<Record<FaultKind, number>>;
}

const idPrefix = { openai: 'chatcmpl-simulated-', anthropic: 'msg_simulated_' } as const;

/** Every call since the start, oldest first. */
export class CallLog {
  readonly calls: SimulatedCall[] = [];

  /** A new call, with the next number in its id. */
  open(protocol: SimulatedCall['protocol'], batch?: { batch: string; customId: string }): SimulatedCall {
    const call: SimulatedCall = {
      requestId: `${idPrefix[protocol]}${this.calls.length + 1}`,
      protocol,
      model: null,
      ...batch,
      outcome: 'open',
      names: 0,
      tokensIn: 0,
      tokensCached: 0,
      tokensWritten: 0,
      tokensOut: 0,
    };
    this.calls.push(call);
    return call;
  }

  /** Sums of all calls. */
  stats(faults: SimulatorStats['faults']): SimulatorStats {
    const stats: SimulatorStats = {
      simulated: true,
      calls: this.calls.length,
      batched: 0,
      open: 0,
      answered: 0,
      unanswered: 0,
      refused: 0,
      tokensIn: 0,
      tokensCached: 0,
      tokensWritten: 0,
      tokensOut: 0,
      names: 0,
      faults: { ...faults },
    };
    for (const call of this.calls) {
      stats[call.outcome]++;
      if (call.batch !== undefined) stats.batched++;
      if (call.outcome !== 'answered') continue;
      stats.tokensIn += call.tokensIn;
      stats.tokensCached += call.tokensCached;
      stats.tokensWritten += call.tokensWritten;
      stats.tokensOut += call.tokensOut;
      stats.names += call.names;
    }
    return stats;
  }
}
