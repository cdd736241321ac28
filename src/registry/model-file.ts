import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeParts } from '../atomic-file.ts';
import { messageOf, misuse, TaxonError } from '../errors.ts';
import type { ModelFiles } from '../model/types.ts';

/** Raised whenever a part of the header changes its meaning. */
const format = 1;

const count = z.number().int().nonnegative();
const plain = z
  .string()
  .max(500)
  .regex(/^\P{Cc}*$/u, 'must be one line without control characters');
const share = z.number().min(0).max(1);

/** Of what is noted of a model, the parts that views, commands and the autopilot read; the rest is shown as it is. */
const metrics: z.ZodType<object | null> = z
  .looseObject({
    levels: z.record(z.string(), z.looseObject({ validAccuracy: share.optional() })).optional(),
    chosen_by: count.nullish(),
  })
  .nullable();
const data: z.ZodType<object | null> = z.looseObject({ labels: count.nullish() }).nullable();
const settings: z.ZodType<object | null> = z.looseObject({ depth: count.max(3).nullish() }).nullable();
/** Names of a model's files, in its folder and in the database. */
const fileName = z.enum(['manifest.json', 'letters.bin', 'heads.onnx']);
const header = z.object({
  pgtaxon_model: z.literal(format),
  exported_at: plain,
  /** Its id in the database that it comes from. */
  model_id: z.number().int().positive(),
  /** Null: letters alone. */
  encoder: z.object({ identity: plain.min(1), dimension: count.min(1).max(65_536) }).nullable(),
  tree_levels: plain,
  facts: z.object({
    metrics,
    data,
    code_version: plain.nullable(),
    seed: z.number().int().nullable(),
    settings,
  }),
  /** The names from the root down of each category id in manifest.json. */
  categories: z.record(z.string().regex(/^[0-9]+$/), z.array(z.string()).min(1)),
  files: z
    .array(
      z.object({
        name: fileName,
        bytes: z.number().int().nonnegative(),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .min(1)
    .refine((files) => new Set(files.map(({ name }) => name)).size === files.length, 'names a file twice'),
});
type Header = z.infer<typeof header>;

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
    return { header: header.parse(JSON.parse(bytes.toString('utf8', 0, length))), length };
  } catch (error) {
    const says = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw misuse(
      `${path} is no model of pgtaxon in format ${format}: ${says}`,
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
