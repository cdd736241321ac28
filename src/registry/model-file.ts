import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { writeParts } from '../atomic-file.ts';
import { messageOf, misuse, TaxonError } from '../errors.ts';
import type { ModelFiles } from '../model/types.ts';
import { count, fromOne, plainObject, saysOf, share, unquoted } from '../shapes.ts';

/** Raised whenever a part of the header changes its meaning. */
const format = 1;

const plain = v.pipe(
  v.string(),
  v.maxLength(500),
  v.regex(/^\P{Cc}*$/u, 'must be one line without control characters'),
);

/** Of what is noted of a model, the parts that views, commands and the autopilot read; the rest is shown as it is. */
const metrics: v.GenericSchema<object | null> = v.nullable(
  v.pipe(
    plainObject,
    v.looseObject({
      levels: v.optional(
        v.pipe(
          plainObject,
          v.record(v.string(), v.pipe(plainObject, v.looseObject({ validAccuracy: v.optional(share) }))),
        ),
      ),
      chosen_by: v.nullish(count),
    }),
  ),
);
const data: v.GenericSchema<object | null> = v.nullable(
  v.pipe(plainObject, v.looseObject({ labels: v.nullish(count) })),
);
const settings: v.GenericSchema<object | null> = v.nullable(
  v.pipe(plainObject, v.looseObject({ depth: v.nullish(v.pipe(count, v.maxValue(3))) })),
);
/** Names of a model's files, in its folder and in the database. */
const fileName = v.picklist(['manifest.json', 'letters.bin', 'heads.onnx']);
const header = v.object({
  pgtaxon_model: v.literal(format),
  exported_at: plain,
  /** Its id in the database that it comes from. */
  model_id: fromOne,
  /** Null: letters alone. */
  encoder: v.nullable(
    v.object({
      identity: v.pipe(plain, v.minLength(1)),
      dimension: v.pipe(count, v.minValue(1), v.maxValue(65_536)),
    }),
  ),
  tree_levels: plain,
  facts: v.object({
    metrics,
    data,
    code_version: v.nullable(plain),
    seed: v.nullable(v.pipe(v.number(), v.safeInteger())),
    settings,
  }),
  /** The names from the root down of each category id in manifest.json. */
  categories: v.pipe(
    plainObject,
    v.record(v.pipe(v.string(), v.regex(/^[0-9]+$/)), v.pipe(v.array(v.string()), v.minLength(1))),
  ),
  files: v.pipe(
    v.array(
      v.object({
        name: fileName,
        bytes: count,
        sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
      }),
    ),
    v.minLength(1),
    v.check((files) => new Set(files.map(({ name }) => name)).size === files.length, 'names a file twice'),
  ),
});
type Header = v.InferOutput<typeof header>;

/** A model on its way between two databases. */
export type MovedModel = Omit<Header, 'pgtaxon_model' | 'files'> & { files: ModelFiles };

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/**
 * Writes a model as one file: a line of JSON that says everything (`head -1 FILE | jq`), then the bytes of its files, one
 * after the other in the order of the line. Whatever stood there before is replaced only by a whole file.
 *
 * @returns the file's size in bytes
 */
export function writeModelFile(path: string, { files, ...rest }: MovedModel): number {
  const list = [...files].map(([name, content]) => ({
    name,
    bytes: content.length,
    sha256: digest(content),
  }));
  const line = Buffer.from(`${JSON.stringify({ pgtaxon_model: format, ...rest, files: list })}\n`);
  writeParts(path, [line, ...files.values()]);
  return list.reduce((sum, { bytes }) => sum + bytes, line.length);
}

function readHeader(path: string, bytes: Buffer): { header: Header; length: number } {
  const length = bytes.indexOf(10) + 1;
  try {
    if (length === 0) throw new Error('its first line has no end');
    const read: unknown = JSON.parse(bytes.toString('utf8', 0, length));
    return { header: v.parse(header, read, { message: unquoted }), length };
  } catch (error) {
    throw misuse(
      `${path} is no model of pgtaxon in format ${format}: ${saysOf(error)}`,
      'Make one with: taxon model export FILE',
    );
  }
}

/**
 * Reads what writeModelFile wrote.
 *
 * @throws TaxonError when it is something else, cut short or damaged
 */
export async function readModelFile(path: string): Promise<MovedModel> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw misuse(`${path} cannot be read: ${messageOf(error)}`);
  });
  const {
    header: { pgtaxon_model: _, files: list, ...rest },
    length,
  } = readHeader(path, bytes);
  const total = list.reduce((sum, file) => sum + file.bytes, length);
  if (bytes.length !== total)
    throw new TaxonError(`${path} is damaged: it has ${bytes.length} bytes instead of ${total}`, {
      hint: 'Copy or export it again.',
    });
  const files: ModelFiles = new Map();
  let at = length;
  for (const { name, bytes: size, sha256 } of list) {
    const content = bytes.subarray(at, at + size);
    at += size;
    if (digest(content) !== sha256)
      throw new TaxonError(`${path} is damaged: the sha256 of ${name} in it differs`, {
        hint: 'Copy or export it again.',
      });
    files.set(name, content);
  }
  return { ...rest, files };
}
