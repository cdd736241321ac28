/** Measures learning curves for backtest.ts: `node bench/learning/points.ts --help` */
import { parseArgs } from 'node:util';
import { loadConfig } from '../../src/config.ts';
import { misuse } from '../../src/errors.ts';
import { loadClassifier } from '../../src/model/bundle.ts';
import { neighboursAsked } from '../../src/model/memory.ts';
import { viewsOf } from '../../src/train/join/views.ts';
import { allVoices, fitVoices } from '../../src/train/join/voices.ts';
import { lettersFrom } from '../../src/train/learning-curve.ts';
import { readDemo, readTitles, titlesFile } from '../accuracy/data.ts';
import { embeddingsOf } from '../accuracy/embeddings.ts';
import { teach } from '../accuracy/teachers.ts';
import { type Teacher, teachers } from '../accuracy/types.ts';
import { judged, Kept, ordered, type Point } from './measure.ts';

const { values } = parseArgs({
  options: {
    set: { type: 'string', default: 'titles' },
    teacher: { type: 'string', default: 'original' },
    orders: { type: 'string', default: '3' },
    joined: { type: 'boolean', default: false },
    data: { type: 'string', default: titlesFile },
    help: { type: 'boolean', default: false },
  },
});

const help = `Trains the letters voice on 1,000 names, on half as many again and again, up to all, and keeps what it says of held-out names.

  node bench/learning/points.ts [--set titles|demo] [--teacher ${teachers.join('|')}] [--orders 3] [--joined] [--data FILE]

  --orders  so many orders in which the names come, a curve each
  --joined  all three voices, at an eighth, a quarter, half and all of the names, one order

Kept in bench/learning-points.jsonl of the data folder (TAXON_DATA_DIR); what is there is not measured again.`;

/** Names asked of each kind. */
const most = 3000;

async function main(): Promise<void> {
  const config = loadConfig();
  const source = values.set === 'demo' ? readDemo({ seed: 1 }) : await readTitles(values.data);
  if (source === null) throw misuse(`no file ${values.data}`);
  const teacher = values.teacher as Teacher;
  const { train, valid } = teach(source, teacher, 1);
  const set = teacher === 'original' ? source.set : `${source.set}, ${teacher}`;
  const { test } = source;
  const kept = new Kept<Point>(config, 'learning-points.jsonl');
  const paths = [...train.paths, ...valid.paths, ...test.paths];
  const keys = [...train.keys, ...valid.keys, ...test.keys];
  const firstValid = train.keys.length;
  const firstTest = firstValid + valid.keys.length;
  const from = (first: number, count: number) =>
    Int32Array.from({ length: Math.min(most, count) }, (_, i) => first + i);
  const held = { labels: from(firstValid, valid.keys.length), truth: from(firstTest, test.keys.length) };
  const truthOf = (rows: Int32Array) => Array.from(rows, (row) => paths[row] as Point['labels'] & never);

  const embedded = values.joined ? await embeddingsOf(config, keys) : null;
  const voice = values.joined ? 'joined' : 'letters';
  const all = train.keys.length;
  const sizes = values.joined
    ? [8, 4, 2, 1].map((part) => Math.floor(all / part))
    : [
        ...Array.from({ length: 20 }, (_, i) => Math.round(1000 * 2 ** (i / 2))).filter(
          (n) => n < all * 0.85,
        ),
        all,
      ];
  for (let order = 1; order <= (values.joined ? 1 : Number(values.orders)); order++) {
    const rows = ordered(train.keys, order);
    for (const names of sizes) {
      const has = (row: Point) =>
        row.set === set && row.order === order && row.names === names && row.voice === voice;
      if (kept.rows.some(has)) continue;
      const started = Date.now();
      const part = rows.slice(0, names).sort();
      const point: Point = { set, order, voice, names } as Point;
      if (embedded === null) {
        const ask = await lettersFrom({ keys, paths }, part, { seed: 1 });
        for (const kind of ['labels', 'truth'] as const) {
          const asked = Array.from(held[kind], (row) => keys[row] as string);
          point[kind] = judged(ask(asked), truthOf(held[kind]));
        }
      } else {
        const training = { keys, paths, ...embedded };
        const fitted = await fitVoices(training, part, held.labels, { seed: 1 });
        const model = await loadClassifier(fitted.files(allVoices));
        for (const kind of ['labels', 'truth'] as const) {
          const views = await viewsOf(training, held[kind], part, neighboursAsked);
          point[kind] = judged(await model.predict(views), truthOf(held[kind]));
        }
        await model.close();
      }
      kept.add(point);
      process.stderr.write(
        `${set} ${voice} order ${order} ${names} names: ${(Date.now() - started) / 1000} s\n`,
      );
    }
  }
}

if (values.help) console.log(help);
else await main();
