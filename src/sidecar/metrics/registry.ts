import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { BookedCall, DatabaseMetric } from '../../database/metrics.ts';

/** Seconds of batches, encodings and calls: from a name that letters settle to a provider that hangs for a minute. */
const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

const ofCall = ['provider', 'model', 'purpose', 'simulated'] as const;

/** The database's numbers: what each says, and its labels. Every sidecar serves the same. */
const ofDatabase: Record<string, [help: string, ...labels: string[]]> = {
  taxon_queue_names: ['Names that wait: an estimate beyond 10,000', 'stage', 'purpose'],
  taxon_queue_leased_names: ['Names that workers have in hand, 10,000 at most', 'stage'],
  taxon_queue_oldest_seconds: ['How long the next name to be claimed has waited', 'stage'],
  taxon_queue_for_people_names: ['Names that no provider may be sent'],
  taxon_rows_to_take_in: [
    'Rows that wait and that no claim has put into the queue: an estimate beyond 2,000',
  ],
  taxon_newest_products: ['The 2,000 newest rows by what answered them', 'layer'],
  taxon_newest_answer_seconds: ['How long those rows waited for their answer', 'layer', 'quantile'],
  taxon_labels: ['Names that memory knows, by the statistics of the server'],
  taxon_dead_letters: ['Names that were given up'],
  taxon_open_alarms: ['Alarms of drift that nobody has ended'],
  taxon_sidecars: ['Sidecars that were seen within 30 s'],
  taxon_champion_model_id: ['The model that should answer'],
  taxon_llm_budget_ratio: ['How much of a budget is spent; at 1 the LLM waits', 'budget'],
};

/** All metrics of one sidecar. Names end in their unit, counters in _total, as Prometheus has it. */
export class Metrics {
  readonly registry = new Registry();
  readonly names = this.#counter('taxon_names_total', 'Names that left the local stage here', ['by']);
  readonly batches = this.#histogram(
    'taxon_batch_duration_seconds',
    'Batches of the local stage, from claim to settling',
    ['ended'],
  );
  readonly batchNames = this.#gauge('taxon_batch_names', 'Names of the last batch', []);
  readonly encoded = this.#counter('taxon_encoded_names_total', 'Names that were encoded', []);
  readonly encodings = this.#histogram(
    'taxon_encode_duration_seconds',
    'Calls of the encoder, a batch each',
    [],
  );
  readonly calls = this.#counter('taxon_llm_calls_total', 'Calls that ended, by their state in the ledger', [
    ...ofCall,
    'state',
  ]);
  readonly callSeconds = this.#histogram(
    'taxon_llm_call_duration_seconds',
    'Calls, from their row in the ledger to their end',
    ['provider', 'model'],
  );
  readonly answered = this.#counter('taxon_llm_names_total', 'Names that got a valid answer', ofCall);
  readonly tokens = this.#counter('taxon_llm_tokens_total', 'Tokens; cached ones are a part of in', [
    ...ofCall,
    'kind',
  ]);
  readonly cost = this.#counter(
    'taxon_llm_cost_dollars_total',
    'US dollars, of calls whose price is known',
    ofCall,
  );
  readonly unpriced = this.#counter(
    'taxon_llm_unpriced_calls_total',
    'Calls whose cost is not known',
    ofCall,
  );
  readonly inFlight = this.#gauge('taxon_llm_calls_in_flight', 'Calls that have begun and not ended', []);
  readonly claims = this.#gauge(
    'taxon_claims',
    'Claims that this sidecar holds, and those that it owes back',
    ['state'],
  );
  readonly model = this.#gauge('taxon_model_id', 'The model that answers here', []);
  readonly encoder = this.#gauge('taxon_encoder_info', 'Encoders that are open here', ['encoder']);
  readonly troubles = this.#counter('taxon_log_messages_total', 'Warnings and errors', ['level']);
  readonly lastTrouble = this.#gauge(
    'taxon_last_error_timestamp_seconds',
    'When the last warning or error was logged, and which',
    ['level', 'message'],
  );
  readonly databaseUp = this.#gauge(
    'taxon_database_up',
    'Whether the database answered this scrape: the numbers below are its',
    [],
  );
  readonly seen = this.#gauge(
    'taxon_database_seen_timestamp_seconds',
    'When the heartbeat last reached the database',
    [],
  );
  readonly scrapeSeconds = this.#gauge(
    'taxon_database_scrape_duration_seconds',
    'How long the database took for this scrape',
    [],
  );
  readonly info = this.#gauge('taxon_sidecar_info', 'The sidecar', ['worker', 'version', 'schema']);
  readonly #database = new Map(
    Object.entries(ofDatabase).map(([name, [help, ...labels]]) => [name, this.#gauge(name, help, labels)]),
  );

  constructor() {
    // processor, memory, garbage collection and the event loop's lag, in the names that dashboards of Node know
    collectDefaultMetrics({ register: this.registry });
  }

  #facts<T extends string>(name: string, help: string, labelNames: readonly T[]) {
    return { name, help: `${help}.`, labelNames, registers: [this.registry] };
  }
  #counter<T extends string>(name: string, help: string, labels: readonly T[]): Counter<T> {
    return new Counter(this.#facts(name, help, labels));
  }
  #gauge<T extends string>(name: string, help: string, labels: readonly T[]): Gauge<T> {
    return new Gauge(this.#facts(name, help, labels));
  }
  #histogram<T extends string>(name: string, help: string, labels: readonly T[]): Histogram<T> {
    return new Histogram({ ...this.#facts(name, help, labels), buckets: seconds });
  }

  /** Takes what the database says; null: it did not answer, so of its numbers none is served. */
  database(now: readonly DatabaseMetric[] | null): void {
    for (const gauge of this.#database.values()) {
      gauge.reset();
      // one without labels is 0 now, as if that were so
      gauge.remove({});
    }
    for (const { metric, labels, value } of now ?? []) this.#database.get(metric)?.set(labels, value);
  }

  /** Counts a call that has ended. */
  booked({ provider, model, purpose, simulated, ...call }: BookedCall): void {
    const of = { provider, model, purpose, simulated: String(simulated) };
    this.calls.inc({ ...of, state: call.state });
    this.answered.inc(of, call.names);
    if (call.seconds !== null) this.callSeconds.observe({ provider, model }, call.seconds);
    // nothing is owed for what was refused
    if (call.state === 'failed') return;
    this.tokens.inc({ ...of, kind: 'in' }, call.tokens_in);
    this.tokens.inc({ ...of, kind: 'cached' }, call.tokens_cached);
    this.tokens.inc({ ...of, kind: 'out' }, call.tokens_out);
    if (call.cost === null) this.unpriced.inc(of);
    else this.cost.inc(of, call.cost);
  }
}
