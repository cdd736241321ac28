import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OnnxGraph } from '../../src/train/onnx-graph.ts';
import { seededRandom } from '../../src/train/random.ts';

const dimension = 64;
const letters = [
  ...'0123456789abcdefghijklmnopqrstuvwxyząćęłńóśźżабвгдежзийклмнопрстуфхцчшщъыьэюяёєіїґ.,:/-+&',
];

/** The vector of each token, by its number alone. */
function lookUp(tokens: number): Uint8Array {
  const graph = new OnnxGraph();
  const ids = graph.input('input_ids', 'int64', ['batch', 'tokens']);
  graph.input('attention_mask', 'int64', ['batch', 'tokens']);
  const random = seededRandom(1);
  const numbers = Array.from({ length: tokens * dimension }, () => random.next() - 0.5);
  const table = graph.weight('table', 'float', [tokens, dimension], numbers);
  graph.output(graph.op('Gather', [table, ids], {}, 'last_hidden_state'), 'float', [
    'batch',
    'tokens',
    dimension,
  ]);
  return graph.build();
}

/**
 * Writes an encoder into an empty folder that knows each of the given words, and of all others the letters, by a vector of
 * its own. Real in each part but size: it is open in .24 s of processor time where the bundled one takes .7.
 */
export function writeSmallEncoder(folder: string, words: readonly string[]): void {
  const special = ['[PAD]', '[UNK]'];
  const tokens = [...special, ...new Set([...words, ...letters, ...letters.map((letter) => `##${letter}`)])];
  const json = (file: string, value: unknown) => writeFileSync(join(folder, file), JSON.stringify(value));
  mkdirSync(join(folder, 'onnx'), { recursive: true });
  writeFileSync(join(folder, 'onnx', 'model_quantized.onnx'), lookUp(tokens.length));
  json('config.json', { model_type: 'bert', hidden_size: dimension, vocab_size: tokens.length });
  json('tokenizer_config.json', {
    tokenizer_class: 'PreTrainedTokenizer',
    model_max_length: 512,
    pad_token: '[PAD]',
    unk_token: '[UNK]',
  });
  json('tokenizer.json', {
    version: '1.0',
    added_tokens: special.map((content, id) => ({
      id,
      content,
      special: true,
      normalized: false,
      single_word: false,
      lstrip: false,
      rstrip: false,
    })),
    normalizer: null,
    pre_tokenizer: { type: 'WhitespaceSplit' },
    post_processor: null,
    decoder: null,
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
    },
  });
}
