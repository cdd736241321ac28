/** `node bench/speed/growth.ts --help` */
import { parseArgs } from 'node:util';
import { show } from '../measure.ts';
import { writeTable } from '../table-section.ts';
import { printed } from './printed.ts';

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '10000,100000,1000000' },
    json: { type: 'boolean', default: false },
    doc: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(`How the cost of a look-up grows with memory: milliseconds of the server's processor time a name, p50, and the exponent of growth
(1: with the number of labels; 0: not at all), by least squares over the sizes.

  node bench/speed/growth.ts [--sizes ${values.sizes}] [--json] [--doc]

--doc writes the table into docs/measured/speed.md.`);
  process.exit(0);
}

/** The slope of log y over log x. */
function exponent(points: readonly (readonly [number, number])[]): number {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const mean = (at: 0 | 1) => logs.reduce((sum, point) => sum + point[at], 0) / logs.length;
  const [x, y] = [mean(0), mean(1)];
  const over = logs.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return over / logs.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}

const sizes = values.sizes.split(',').map(Number);
const points = new Map<string, [number, number][]>();
for (const labels of sizes) {
  const rows = await printed(['bench/similar/run.ts', '--labels', String(labels), '--names', '300']);
  if (rows === null) process.exit(0);
  for (const row of rows.filter(({ names }) => names === 'one word changed')) {
    const what = `similar look-up by ${row.by}`;
    points.set(what, [...(points.get(what) ?? []), [labels, row['p50, CPU ms'] as number]]);
  }
}
const rows = Array.from(points, ([what, of]) => ({
  what,
  ...Object.fromEntries(of.map(([labels, cost]) => [`${labels.toLocaleString('en')} labels`, cost])),
  exponent: Math.round(exponent(of) * 100) / 100,
}));
show(values.json, rows);
if (values.doc) writeTable('speed', 'bench/speed/growth.ts', rows);
