import { setPriority } from 'node:os';
import { Command } from 'commander';
import type { RetrainOptions, RetrainResult } from '../autopilot/retrain.ts';
import type { Step } from '../database/runs.ts';
import { TaxonError } from '../errors.ts';
import { withDatabase } from './database.ts';
import { print } from './output.ts';
import { firstText, interruptible, wholeNumber } from './train.ts';

interface Flags {
  reason?: string;
  epochs?: string;
  seed?: string;
  clean: boolean;
  request?: true;
  measure?: string;
  json?: true;
}

function text({ run_id, taken_over, first, model_id, promoted, verdict }: RetrainResult): string {
  const { passed, reasons, champion } = verdict;
  const begun = taken_over ? `run ${run_id}, gone on with` : `run ${run_id}`;
  const said = !passed
    ? `the gate refused it, model ${champion} stays the champion`
    : promoted
      ? 'it is the champion'
      : `it passed the gate and watches live traffic beside model ${champion}; select * from taxon.autopilot()`;
  const before = first === null ? [] : [firstText(first)];
  return [...before, `${begun}: model ${model_id}; ${said}`, ...reasons.map((reason) => `  ${reason}`)].join(
    '\n',
  );
}

/** Ends the process's work when it takes more memory than the setting allows. */
function watchMemory(most: number): { signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const timer = setInterval(() => {
    const used = process.memoryUsage.rss() / 1e6;
    if (used > most)
      controller.abort(
        new TaxonError(`the retraining takes ${Math.round(used)} MB, ${most} are allowed`, {
          hint: 'Raise TAXON_RETRAIN_MEMORY_MB, or retrain on another machine: taxon retrain.',
        }),
      );
  }, 500);
  timer.unref();
  return { signal: controller.signal, stop: () => clearInterval(timer) };
}

async function run(flags: Flags): Promise<void> {
  const { retrain } = await import('../autopilot/retrain.ts');
  const interrupt = interruptible('interrupted; taxon retrain goes on where it stopped');
  // What is answered meanwhile comes first; lower than that it could starve. For a first model names are waiting.
  const onStep = (step: Step) => {
    if (step !== 'first') setPriority(10);
  };
  try {
    const result = await withDatabase((db, config) => {
      const memory = watchMemory(config.retrainMemoryMb);
      const options: RetrainOptions = {
        onStep,
        signal: AbortSignal.any([interrupt.signal, memory.signal]),
        ...(flags.reason === undefined ? {} : { reason: flags.reason }),
        ...(flags.epochs === undefined ? {} : { epochs: wholeNumber('--epochs', flags.epochs) }),
        ...(flags.seed === undefined ? {} : { seed: wholeNumber('--seed', flags.seed, 0) }),
        ...(flags.clean ? {} : { clean: false }),
      };
      return retrain(db, config, options).finally(memory.stop);
    });
    print(flags.json === true, result, text(result));
  } finally {
    interrupt.release();
  }
}

/** Makes the report of a model anew. */
async function measure(modelId: number, json: boolean): Promise<void> {
  const { diagnoseModel } = await import('../train/diagnose-model.ts');
  const interrupt = interruptible('interrupted; the report is as it was');
  setPriority(10);
  try {
    const report = await withDatabase((db, config) => {
      const memory = watchMemory(config.retrainMemoryMb);
      const signal = AbortSignal.any([interrupt.signal, memory.signal]);
      return diagnoseModel(db, config, modelId, signal).finally(memory.stop);
    });
    if (report === null)
      throw new TaxonError(`model ${modelId} was not measured`, {
        hint: 'It was cut short, or there is no name to ask it; one of letters alone, or from another database, is never measured.',
      });
    print(json, report, `model ${modelId} is measured: taxon report --model ${modelId}`);
  } finally {
    interrupt.release();
  }
}

export function retrainCommand(): Command {
  return new Command('retrain')
    .description(
      'Trains a challenger in steps that survive a kill, and lets the gate decide whether it is rolled out.',
    )
    .option('--reason <text>', 'why, for the history')
    .option('--request', 'only ask for it: a running sidecar does it')
    .option('--epochs <n>', 'at most so many passes over the names')
    .option('--seed <n>', 'the same seed and memory give the same model')
    .option('--no-clean', 'leave the labels as they are')
    .option('--measure <model>', 'train nothing: measure a model anew, on memory as it is, for taxon report')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  taxon retrain
  taxon retrain --request --reason "new range of garden tools"
  psql -c "select taxon.request_retrain('new range of garden tools')"
  taxon retrain --measure 3                          after labels were corrected
  psql -c 'select * from taxon.autopilot()'          what runs, why, what is next
  psql -c 'select * from taxon.gate_report()'        what the gate said

Killed or interrupted, the next call goes on with the step that was cut short. A challenger that passes watches live traffic
first, then answers a share of the names, then all; audits that disprove the promise take it back.`,
    )
    .action(async (flags: Flags) => {
      if (flags.measure !== undefined)
        return measure(wholeNumber('--measure', flags.measure), flags.json === true);
      if (flags.request !== true) return run(flags);
      const { requestRetrain } = await import('../database/autopilot.ts');
      const request_id = await withDatabase((db) => requestRetrain(db, flags.reason ?? 'by hand'));
      print(
        flags.json === true,
        { request_id },
        `request ${request_id} is open: a sidecar begins it within a minute`,
      );
    });
}
