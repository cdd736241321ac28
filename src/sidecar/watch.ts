/** What a sidecar tells as it works, for its metrics. Each call is cheap and throws nothing. */
export interface Watch {
  /** Names that left the local stage: answered by memory or by the model, or passed on to the LLM. */
  decided(by: 'memory' | 'local' | 'passed_on', names: number): void;
  /** A batch of so many names went through the local stage in so many seconds, or was interrupted. */
  batch(names: number, seconds: number, ended: 'done' | 'interrupted'): void;
  /** So many names were encoded in so many seconds. */
  encoded(names: number, seconds: number): void;
  /** A call to a provider stands in the ledger as begun. */
  called(callId: number): void;
}

/** Nobody looks. */
export const unwatched: Watch = { decided() {}, batch() {}, encoded() {}, called() {} };
