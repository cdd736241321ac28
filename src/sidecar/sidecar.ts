import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, version } from '../config.ts';
import { uselessDirect } from '../database/connection/direct.ts';
import { type Listener, listen } from '../database/connection/listen.ts';
import { openDatabase, requireMigrated } from '../database/connection/open.ts';
import { keepDeployment } from '../database/ledger.ts';
import { renew } from '../database/queue.ts';
import { forgetDeadSidecars, heartbeat, leave } from '../database/sidecars.ts';
import { messageOf } from '../errors.ts';
import type { Provider } from '../llm/types.ts';
import { log } from '../log.ts';
import { holdEncoders } from '../model/encoders.ts';
import { runAttachedLoop } from './attached.ts';
import { briefly, Claims } from './claims.ts';
import { autopilotJob, rolloutAdvancer, type TrainingCommands } from './jobs/autopilot.ts';
import { fillEmbeddings } from './jobs/fill.ts';
import { housekeeping, runJobs } from './jobs/jobs.ts';
import { neighbourIndexJob } from './jobs/neighbour-index.ts';
import { type LlmLoop, runLlmLoop } from './llm/loop.ts';
import { llmStage, noticeOf } from './llm/stage.ts';
import { holdChampion } from './local/champion.ts';
import { type LocalLoop, runLocalLoop } from './local/loop.ts';
import { type Look, openLook } from './metrics/look.ts';
import { shopPace } from './shop-pace.ts';
import { createWaker, limited } from './waker.ts';

/** How often a sidecar says that it lives; health() calls one dead after 30 s. */
const heartbeatMs = 5000;

/** Notifications closer together than this make one sweep. */
const wakeMs = 50;

/** The providers as people read them; null for none. */
function asText(providers: readonly Provider[]): string | null {
  const one = (provider: Provider) => {
    const { name, model, simulated } = provider;
    const learnt = provider.learnt();
    return `${name} ${model}${simulated ? ' (simulated)' : ''}${learnt === null ? '' : ` (${learnt})`}`;
  };
  return providers.map(one).join(', else ') || null;
}

export interface Sidecar {
  readonly worker: string;
  /**
   * Stops claiming, finishes what is in hand within `shutdownSeconds`, gives the rest back, and leaves. Safe to call
   * twice.
   */
  stop(): Promise<void>;
}

/**
 * The worker: listens, sweeps, claims names, decides them locally and asks the LLM. Any number of them share the work.
 *
 * The whole life: start → the champion loads → two loops, local and LLM, each with its own concurrency, and one that takes rows of
 * attached tables in → heartbeat renews leases, reports, and looks for a new champion; jobs at their times → stop.
 *
 * @param url      the database; may be a transaction pooler when config.directDatabaseUrl is given for LISTEN
 * @param providers who answers the LLM stage, the first choice first; empty: that stage waits for another sidecar
 * @param training what it runs beside itself to train; null: it leaves that to others
 * @throws TaxonError when the database is not migrated, or config.directDatabaseUrl leads to another one
 */
export async function startSidecar(
  url: string,
  config: Config,
  providers: readonly Provider[],
  training: TrainingCommands | null,
): Promise<Sidecar> {
  // nothing waits for ever: over a connection that is half-open no answer comes
  const db = openDatabase(
    url,
    { schema: config.schema, poolSize: config.poolSize + config.llmConcurrency },
    'taxon sidecar',
  ).within(3_600_000);
  const brief = db.within(briefly(config));
  let look: Look;
  try {
    await requireMigrated(db);
    const useless = config.directDatabaseUrl && (await uselessDirect(url, config.directDatabaseUrl));
    if (useless) log.warn(`${useless}: names are looked for every ${config.pollMs} ms`);
    look = await openLook(db, config);
  } catch (error) {
    await db.close();
    throw error;
  }
  const worker = `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
  const claims = new Claims(config.leaseSeconds);
  const stopping = new AbortController();
  const abandon = new AbortController();
  const localWaker = createWaker();
  const attachedWaker = createWaker();
  const { watch } = look;
  const encoders = look.timed(holdEncoders(config));
  const champion = holdChampion(db, config, encoders);
  const llm =
    providers.length === 0
      ? null
      : llmStage({ db: brief, worker, config, claims, watch, abandon: abandon.signal }, providers);

  // the simulator's calls cost nothing; claim_llm() gives another deployment's sidecar no names
  const paying = providers.every((provider) => provider.simulated) ? null : config.deployment;
  let listener: Listener | null = null;
  let llmLoop: LlmLoop | null = null;
  let local: LocalLoop | null = null;
  let saidModel: number | null = null;
  const refresh = () =>
    champion
      .refresh()
      .catch((error) => log.warn('the model could not be loaded', { error: messageOf(error) }))
      .then(() => (champion.id() === saidModel ? undefined : announce()))
      .catch((error) => log.debug('heartbeat', { error: messageOf(error) }));
  let saidListening = false;
  let seenAt = Date.now();
  const say = async () => {
    saidListening = listener?.hears() ?? false;
    saidModel = champion.id();
    await heartbeat(brief, {
      worker,
      host: hostname(),
      pid: process.pid,
      version,
      modelId: champion.id(),
      llm: asText(providers),
      listening: saidListening,
      idle: local?.idle() ?? false,
      notice: champion.notice() ?? (llm && noticeOf(llm)),
      deployment: paying,
    });
    seenAt = Date.now();
  };
  let leaving = false;
  const saying = new Set<Promise<void>>();
  const announce = async () => {
    if (leaving) return;
    const said = say();
    saying.add(said);
    await said.finally(() => saying.delete(said));
  };
  const onWake = async () => {
    // said before the sweep: an insert that saw us deaf did not notify
    if (!stopping.signal.aborted && listener?.hears() !== saidListening)
      await announce().catch((error) => log.debug('heartbeat', { error: messageOf(error) }));
    localWaker.wake();
    attachedWaker.wake();
    llmLoop?.wake();
    void refresh();
  };

  if (paying !== null && !(await keepDeployment(db, paying)))
    log.warn('no paid call is made here: the database has adopted another deployment', {
      deployment: paying,
    });
  await announce();
  await forgetDeadSidecars(db);
  void refresh();
  llmLoop = llm && runLlmLoop(llm, stopping.signal);
  const pace = shopPace();
  local = runLocalLoop({
    stage: {
      db: db.within(10 * briefly(config)),
      worker,
      champion,
      onWatched: rolloutAdvancer(db, () => void refresh()),
      watch,
    },
    brief,
    claims,
    config,
    waker: localWaker,
    pace,
    stopping: stopping.signal,
    announce,
    onPassedOn: () => llmLoop?.wake(),
  });
  const attached = runAttachedLoop({ db, config, waker: attachedWaker, pace, stopping: stopping.signal });
  // whoever may connect may notify: a flood of it makes a few sweeps
  const wake = limited(() => void onWake(), wakeMs);
  listener = listen(config.directDatabaseUrl ?? url, config.schema, `${config.schema}_${worker}`, wake);
  const jobs = runJobs(db, [
    ...housekeeping(champion, llm, stopping.signal),
    autopilotJob(config, url, training, stopping.signal),
    neighbourIndexJob(config, url, champion, stopping.signal),
    {
      name: 'fill embeddings',
      when: '* * * * *',
      run: (some) => fillEmbeddings(some, encoders, stopping.signal),
    },
  ]);
  const beat = setInterval(
    () => {
      Promise.all([announce(), renew(brief, worker, config.leaseSeconds, claims.inHand()), refresh()]).catch(
        (error) => log.debug('heartbeat', { error: messageOf(error) }),
      );
    },
    Math.min(heartbeatMs, (config.leaseSeconds * 1000) / 3),
  );
  look.at({
    worker,
    claims,
    stopping: stopping.signal,
    modelId: () => champion.id(),
    seenAt: () => seenAt,
    loops: () => [
      { name: 'local', turnedAt: local?.turnedAt() ?? 0 },
      ...(llmLoop ? [{ name: 'LLM', turnedAt: llmLoop.turnedAt() }] : []),
    ],
  });
  log.info('sidecar started', { worker, llm: asText(providers) ?? 'none' });

  async function shutDown(): Promise<void> {
    stopping.abort();
    localWaker.wake();
    attachedWaker.wake();
    // calls in flight are given up a little before the time is over, so that the ledger can still say so
    const deadline = setTimeout(() => abandon.abort(), config.shutdownSeconds * 800);
    await Promise.race([
      Promise.all([local?.done, llmLoop?.done, attached, jobs.stop()]),
      sleep(config.shutdownSeconds * 950, null, { ref: false }),
    ]);
    clearTimeout(deadline);
    clearInterval(beat);
    await listener?.close();
    // a heartbeat that arrives after the good-bye leaves a sidecar that nobody runs
    leaving = true;
    await Promise.allSettled(saying);
    await leave(db.within(config.shutdownSeconds * 500), worker).catch((error) =>
      log.warn('leases stay until they run out', { error: messageOf(error) }),
    );
    await look.close();
    await champion.close();
    await db.close();
    log.info('sidecar stopped', { worker });
  }
  let stopped: Promise<void> | null = null;
  return {
    worker,
    stop() {
      stopped ??= shutDown();
      return stopped;
    },
  };
}
