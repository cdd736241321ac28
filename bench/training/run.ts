/** `node bench/training/run.ts --help` */
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { table } from '../../src/cli/output.ts';
import { loadConfig, packageRoot } from '../../src/config.ts';
import { readTitles, titlesFile } from '../accuracy/data.ts';
import { benchFolder } from '../accuracy/results.ts';
import { writePage } from './doc.ts';
import { type Measured, note } from './measured.ts';
import { scaleSteps } from './scale.ts';
import { titlesSteps } from './titles.ts';

const help = `How long the steps of a training take, what they cost in memory, and whether a change of them costs accuracy.

  node bench/training/run.ts STEP… [--code FOLDER] [--label TEXT] [--folds N] [--names N] [--epochs N] [--seed N] [--results FILE] [--json]
  node bench/training/run.ts --doc

On the real titles (${titlesFile}; left out where the file is not there), labels of the noisy teacher:
  letters   the letters fitted on all but the test part, and asked of it
  judges    labels judged out of fold: with --folds 1 to 4 only the time of as many of the five folds, else the labels
            that are wrong after cleaning, against the truth
  model     all voices and what joins them, as \`taxon train --no-clean\` makes them; asked of the file's test titles

On as many names of ../shared/data/scale.tsv.xz (labels of a program), in one process and with a matrix of vectors held all the
while; the vectors are simulated, as a million names take hours to encode: what the model answers says nothing here
  scale     letters, the judges of --folds folds, a model of --epochs epochs; ends with 1 above 4 GB

  --code    run another checkout's own code, to compare with; --label what it is called (default: here)
  --epochs  of the heads; default as training chooses (scale: 1)
  --seed    of the model; default 1
  --names   default 57,029 (letters, judges, model: fewer for a quick look) and 1,000,000 (scale)
  --doc     write docs/measured/training.md from all results

  node bench/training/run.ts letters --code ../before --label 0365b03 && node bench/training/run.ts letters`;

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ...{ code: text, label: text, folds: text, names: text, epochs: text, seed: text, results: text },
    ...{ doc: flag, json: flag, help: flag },
  },
});
const config = loadConfig();
const file = values.results ?? join(benchFolder(config), 'training.jsonl');

async function measure(): Promise<Measured[]> {
  const whole = (given: string | undefined) => (given === undefined ? undefined : Number(given));
  const options = {
    code: values.code ?? packageRoot,
    folds: whole(values.folds) ?? 5,
    names: whole(values.names),
    epochs: whole(values.epochs),
    seed: whole(values.seed) ?? 1,
  };
  const facts = {
    code: values.label ?? 'here',
    machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, Node ${process.versions.node}`,
    at: new Date().toISOString(),
  };
  const rows: Measured[] = [];
  for (const step of positionals) {
    const made =
      step === 'scale'
        ? scaleSteps(options)
        : titlesSteps(step, await readTitles(titlesFile), config, options);
    for await (const found of made) {
      const row = { ...facts, ...found };
      rows.push(row);
      note(file, row);
    }
  }
  return rows;
}

if (values.help || (positionals.length === 0 && !values.doc)) console.log(help);
else if (values.doc) writePage(file);
else {
  const rows = await measure();
  if (values.json) console.log(JSON.stringify(rows));
  else console.log(table(rows.map(({ right: _, machine: __, at: ___, ...row }) => row)));
}
