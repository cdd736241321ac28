import type { Usage } from '../types.ts';
import type { FaultKind } from './faults.ts';

/** One call as the server saw it. */
export interface SimulatedCall extends Usage {
  /** The id that the client got, in the header x-request-id and as the completion's id. */
  requestId: string;
  /**
   * `open`: not ended yet; `answered`: the whole answer was handed to the network; `unanswered`: worked on, but the
   * connection was closed before; `refused`: an error status, nothing worked on.
   */
  outcome: 'open' | 'answered' | 'unanswered' | 'refused';
  names: number;
  fault?: FaultKind;
}

export interface SimulatorStats extends Usage {
  simulated: true;
  calls: number;
  open: number;
  answered: number;
  unanswered: number;
  refused: number;
  /** Names of the answered calls, with repetition; the tokens too are those of answered calls. */
  names: number;
  /** How many calls each fault hit. */
  faults: Partial<Record<FaultKind, number>>;
}

/** Sums of all calls. */
export function statsOf(calls: readonly SimulatedCall[]): SimulatorStats {
  const stats: SimulatorStats = {
    simulated: true,
    calls: calls.length,
    open: 0,
    answered: 0,
    unanswered: 0,
    refused: 0,
    tokensIn: 0,
    tokensCached: 0,
    tokensOut: 0,
    names: 0,
    faults: {},
  };
  for (const call of calls) {
    stats[call.outcome]++;
    if (call.fault) stats.faults[call.fault] = (stats.faults[call.fault] ?? 0) + 1;
    if (call.outcome !== 'answered') continue;
    stats.tokensIn += call.tokensIn;
    stats.tokensCached += call.tokensCached;
    stats.tokensOut += call.tokensOut;
    stats.names += call.names;
  }
  return stats;
}
