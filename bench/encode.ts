/**
 * Names a second of the encoder that the settings choose, and how its memory grows, on names like real titles.
 *
 *   node bench/encode.ts [--json] [--names 4000]
 */
import { parseArgs } from 'node:util';
import { loadConfig } from '../src/config.ts';
import { openEncoder } from '../src/model/encoder.ts';
import { seededRandom } from '../src/train/random.ts';

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, names: { type: 'string', default: '4000' } },
});
const words =
  'шампунь для волос восстанавливающий чайник электрический молоко пастеризованное конфеты телефон samsung galaxy etui czarny kabel usb-c koszulka męska bawełna książka ноутбук asus печенье овсяное с шоколадом крем лица'.split(
    ' ',
  );
const random = seededRandom(1);
/** 3 to 9 words and a size: 45 letters on average, as the real titles have. */
const names = Array.from({ length: Number(values.names) }, () => {
  const count = 3 + Math.floor(random.next() * 7);
  const chosen = Array.from({ length: count }, () => words[Math.floor(random.next() * words.length)]);
  return `${chosen.join(' ')} ${Math.floor(random.next() * 1000)}г`;
});

const megabytes = () => Math.round(process.memoryUsage().rss / 1e6);
const encoder = await openEncoder(loadConfig());
await encoder.encode(names.slice(0, 200));
const before = megabytes();
const cpu = process.cpuUsage();
const started = performance.now();
await encoder.encode(names);
const seconds = (performance.now() - started) / 1000;
const { user, system } = process.cpuUsage(cpu);
const result = {
  encoder: encoder.identity,
  names: names.length,
  letters: Math.round(names.reduce((sum, name) => sum + name.length, 0) / names.length),
  namesPerSecond: Math.round(names.length / seconds),
  namesPerCpuSecond: Math.round((names.length * 1e6) / (user + system)),
  megabytesBefore: before,
  megabytesAfter: megabytes(),
};
await encoder.close();
console.log(
  values.json
    ? JSON.stringify(result)
    : `${result.namesPerSecond} names/s, ${result.namesPerCpuSecond} a CPU second (${result.letters} letters each); ` +
        `memory ${result.megabytesBefore} MB at first, ${result.megabytesAfter} MB after ${result.names} names`,
);
