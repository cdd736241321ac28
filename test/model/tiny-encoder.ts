import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../../src/config.ts';
import { OnnxGraph } from '../../src/train/onnx-graph.ts';

/** Each token's vector plus the sum over all tokens of the batch's row, padding included. */
function paddingDependent(): Uint8Array {
  const graph = new OnnxGraph();
  const ids = graph.input('input_ids', 'int64', ['batch', 'tokens']);
  graph.input('attention_mask', 'int64', ['batch', 'tokens']);
  const column = graph.op('Unsqueeze', [ids, graph.weight('last', 'int64', [1], [2])]);
  const numbers = graph.op('Cast', [column], { to: 'float' });
  const waves = graph.weight('waves', 'float', [4], [0.9, 0.31, 0.073, 0.011]);
  const tokens = graph.op('Sin', [graph.op('Mul', [numbers, waves])]);
  const sum = graph.op('ReduceSum', [tokens, graph.weight('axis', 'int64', [1], [1])], { keepdims: 1 });
  graph.output(graph.op('Add', [tokens, sum], {}, 'last_hidden_state'), 'float', ['batch', 'tokens', 4]);
  return graph.build();
}

/**
 * Writes an encoder of four dimensions into an empty folder: the bundled tokenizer before a made-up network whose
 * answer depends on padding. It knows nothing of meaning and takes some 50 µs a name.
 */
export function writeTinyEncoder(folder: string): void {
  for (const file of ['config.json', 'tokenizer.json', 'tokenizer_config.json'])
    copyFileSync(join(loadConfig({}, {}).encoder, file), join(folder, file));
  mkdirSync(join(folder, 'onnx'));
  writeFileSync(join(folder, 'onnx', 'model_quantized.onnx'), paddingDependent());
}
