/** `node bench/speed/flame.ts --help` */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { least: { type: 'string', default: '3' }, help: { type: 'boolean', default: false } },
});
if (values.help || positionals.length === 0) {
  console.log(`A flame graph as text of what node --cpu-prof wrote: each line a function, below its caller, with the share of the busy time
that it and what it called took; a function that calls itself is one line. Idle time does not count.

  node --cpu-prof --cpu-prof-dir=/tmp/prof src/cli/main.ts train
  node bench/speed/flame.ts /tmp/prof/*.cpuprofile [--least 3]     lines of at least so many percent`);
  process.exit(0);
}

interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string }; children?: number[] }[];
  samples: number[];
  timeDeltas: number[];
}

interface Frame {
  name: string;
  micros: number;
  below: Map<string, Frame>;
}

const idle = new Set(['(idle)', '(program)', '(root)']);

/** The samples of a profile as one tree of functions. */
function fold({ nodes, samples, timeDeltas }: Profile): Frame {
  const own = new Map<number, number>();
  for (const [i, id] of samples.entries()) own.set(id, (own.get(id) ?? 0) + (timeDeltas[i] ?? 0));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const root: Frame = { name: 'all', micros: 0, below: new Map() };
  const walk = (id: number, into: Frame): number => {
    const node = byId.get(id);
    if (node === undefined) return 0;
    const { functionName, url } = node.callFrame;
    const name = `${functionName || '(anonymous)'} ${basename(url)}`.trim();
    let frame = into;
    if (!idle.has(functionName) && name !== into.name) {
      frame = into.below.get(name) ?? { name, micros: 0, below: new Map() };
      into.below.set(name, frame);
    }
    let micros = idle.has(functionName) ? 0 : (own.get(id) ?? 0);
    for (const child of node.children ?? []) micros += walk(child, frame);
    if (frame !== into) frame.micros += micros;
    return micros;
  };
  root.micros = walk(nodes[0]?.id ?? 0, root);
  return root;
}

function print(frame: Frame, all: number, depth: number): void {
  const percent = (100 * frame.micros) / all;
  if (percent < Number(values.least)) return;
  console.log(`${percent.toFixed(0).padStart(4)} % ${'  '.repeat(depth)}${frame.name}`);
  for (const below of [...frame.below.values()].toSorted((a, b) => b.micros - a.micros))
    print(below, all, depth + 1);
}

for (const file of positionals) {
  const root = fold(JSON.parse(readFileSync(file, 'utf8')));
  console.log(`${basename(file)}: ${(root.micros / 1e6).toFixed(1)} s busy`);
  print(root, root.micros, 0);
}
