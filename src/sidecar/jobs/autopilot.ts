import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Cron } from 'croner';
import { type Config, environmentOf } from '../../config.ts';
import {
  advanceRollout,
  renewPromise,
  requestRetrain,
  retrainDue,
  retrainSchedule,
} from '../../database/autopilot.ts';
import type { Database } from '../../database/connection/open.ts';
import { retrainWaits, undiagnosed } from '../../database/runs.ts';
import { messageOf } from '../../errors.ts';
import { log } from '../../log.ts';
import type { Job } from './jobs.ts';

/** The command lines that the autopilot runs, program first: who starts the sidecar knows them. */
export interface TrainingCommands {
  /** Takes the run that waits. */
  readonly retrain: readonly string[];
  /** Measures a model whose diagnosis was cut short. */
  measure(modelId: number): readonly string[];
}

/** Whether the schedule has come round since a retraining was last asked for. */
async function isScheduled(db: Database): Promise<boolean> {
  const { pattern, since } = await retrainSchedule(db);
  if (pattern === null || since === null) return false;
  const next = new Cron(pattern, { timezone: 'UTC', paused: true }).nextRun(since);
  return next !== null && next.getTime() <= Date.now();
}

/** Runs a command in a process of its own: its memory and its processor time are not the answers'. */
function spawnCommand(
  config: Config,
  url: string,
  [program, ...args]: readonly string[],
  what: string,
): ChildProcess {
  const child = spawn(program as string, args, {
    // its last words are read below, as text
    env: { ...process.env, ...environmentOf({ ...config, databaseUrl: url }), TAXON_LOG: 'text' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-2000);
  });
  child.on('error', (error) => log.warn(`${what} could not be started`, { error: messageOf(error) }));
  child.on('exit', (code, signal) => {
    if (code === 0) log.info(`${what} ended; select * from taxon.autopilot()`);
    // what it says last is a hint
    const why =
      said.split('\n').findLast((line) => line.startsWith('taxon: ')) ?? said.trim().split('\n').at(-1);
    if (code !== 0 && /lost its lease|not held by|not running any more/.test(why ?? ''))
      log.info(`${what} gave way`, { said: why });
    else if (code !== 0) log.warn(`${what} failed`, { code: code ?? signal, said: why });
  });
  return child;
}

/**
 * Each minute: takes the rollout on, asks for a retraining when one is due, and starts the one that is asked for, if this
 * sidecar may; a model whose diagnosis was cut short is measured then. One at a time over all sidecars: the lease of its run decides,
 * and a second process that came too late ends.
 *
 * @param commands null: this sidecar trains nothing, as with `config.retrain` false
 */
export function autopilotJob(
  config: Config,
  url: string,
  commands: TrainingCommands | null,
  stopping: AbortSignal,
): Job {
  let child: ChildProcess | null = null;
  /** The child while it runs. */
  const running = () => (child?.exitCode === null && child.signalCode === null ? child : null);
  // the run stays, its lease is given back: another process goes on with it
  stopping.addEventListener('abort', () => child?.kill('SIGTERM'), { once: true });
  return {
    name: 'autopilot',
    // killed with the database still there, it gives back what it holds
    async over() {
      const left = running();
      if (left !== null) await once(left, 'exit');
    },
    when: '* * * * *',
    // labels and no model: names wait for the first
    atStart: true,
    async run(db) {
      const did = await advanceRollout(db);
      if (did !== null) log.info(did);
      const proof = await renewPromise(db);
      if (proof !== null) log.info(`the promise was looked at again: ${proof}`);
      const due = await retrainDue(db, await isScheduled(db));
      if (due !== null) {
        await requestRetrain(db, due.reason, due.cause);
        log.info(`a retraining is due: ${due.reason}`);
      }
      if (commands === null || !config.retrain || running() !== null || stopping.aborted) return;
      if (await retrainWaits(db)) {
        log.info('a retraining begins; taxon status shows its steps, taxon train takes over', {
          never: 'TAXON_RETRAIN=false',
        });
        child = spawnCommand(config, url, commands.retrain, 'a retraining');
        return;
      }
      const model = await undiagnosed(db);
      if (model === null) return;
      log.info('a model is measured for its report', { model });
      child = spawnCommand(config, url, commands.measure(model), 'a measuring');
    },
  };
}

/** Takes the rollout on as names are seen, at most once a second; `changed` is called when its stage did. */
export function rolloutAdvancer(db: Database, changed: () => void): () => Promise<void> {
  let next = 0;
  return async () => {
    if (Date.now() < next) return;
    next = Date.now() + 1000;
    try {
      const did = await advanceRollout(db);
      if (did === null) return;
      log.info(did);
      changed();
    } catch (error) {
      log.warn('the rollout could not be advanced', { error: messageOf(error) });
    }
  };
}
