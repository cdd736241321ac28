import { loadavg } from 'node:os';

/** What was measured of one way to encode all names. */
export interface Row {
  way: string;
  'names/CPU s': number;
  /** Of wall time; null: not measured. */
  'names/s': number | null;
  /** Names a CPU second, of what the shipped encoder does with one thread. */
  ratio: number;
  /** Least cosine to the vectors of the plain graph; 1 where they are the same. */
  cosine: number;
}

interface Facts {
  names: number;
  titles: boolean;
  /** Tokens a name, on average. */
  tokens: number;
  machine: string;
  /** Of onnxruntime in Python. */
  version: string;
}

/** docs/measured/encode.md */
export function page(rows: readonly Row[], facts: Facts): string {
  const shipped = rows.filter(({ way }) => way.startsWith('src/'));
  const peers = rows.filter(({ way }) => way.startsWith('Python'));
  const first = rows.findIndex(({ way }) => way.startsWith('the model alone'));
  const alone = rows.slice(first);
  const others = rows.slice(0, first).filter((row) => !shipped.includes(row) && !peers.includes(row));
  const kind = facts.titles ? 'real titles' : 'names of the demo catalogue';
  return `# The encoder's speed

<!-- made by: node bench/encode.ts --doc -->

${facts.names} ${kind}, ${facts.tokens.toFixed(1)} tokens each on average, the bundled int8 encoder. ${facts.machine}; measured ${new Date().toISOString().slice(0, 10)} at a load of ${Math.round(loadavg()[0] as number)}. Medians of
rounds in which all ways take turns. *Ratio* is names a CPU second, of what the shipped encoder does with one thread: other work on the
machine changes all figures of a round, and their ratios less. *Names/s* is wall time, which other work on the machine lengthens.

## Shipped

A thread counts the tokens of 64 names, sorts them by tokens and runs batches of at most 192 tokens, padding included.

${table(shipped)}

${table(others)}

## The model alone

On batches that are ready; *ratio* is to its first row. The vectors of all of these are the same, bit by bit: an activation has a scale of its
own for each token, so that neither the batch nor its padding has a say.

${table(alone)}

Nothing here is worth a setting. One session with two threads spends half of its processor time waiting;
with spinning off it does as much a CPU second as one thread, which two sessions with a thread each do as well.

## Python and fused graphs

onnxruntime ${facts.version} in Python with tokenizers, the same weights, one thread, the same batches.

${table(peers, true)}

The fused operators round elsewhere. An activation that falls to the other side of a step of int8 then moves what follows, so that the
vectors are not those that a database holds: *cosine* is the least one to the plain graph's. So the graph stays as it is. As it is as fast without
optimisation, onnxruntime's optimised graph is not kept on the disk either; what that would save at loading was not measured.

## Other hardware

\`TAXON_ENCODER_DEVICE=coreml\` makes onnxruntime run the encoder on CoreML (macOS); \`cuda\`, \`dml\` and \`webgpu\` are the other names it knows. **Only \`cpu\` is
tested.** The device is part of the encoder's identity, so that its embeddings are never mixed with the processor's: change it like an encoder
([encoders.md](../guide/encoders.md)). The bundled graph's int8 products (MatMulInteger) are probably not among what CoreML takes over, so that most of it would stay on the processor;
an fp16 or fp32 encoder is what to try there.
`;
}

function table(rows: readonly Row[], python = false): string {
  const head = ['way', 'names/CPU s', python ? 'cosine' : 'names/s', 'ratio'];
  const lines = rows.map((row) =>
    [
      row.way.replace('Python: ', ''),
      row['names/CPU s'].toLocaleString('en'),
      python ? row.cosine.toFixed(4) : (row['names/s'] ?? '').toLocaleString('en'),
      row.ratio.toFixed(2),
    ].join(' | '),
  );
  return [
    `| ${head.join(' | ')} |`,
    `|---|${'--:|'.repeat(head.length - 1)}`,
    ...lines.map((line) => `| ${line} |`),
  ].join('\n');
}
