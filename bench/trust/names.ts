import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { misuse, TaxonError } from '../../src/errors.ts';

const three = z.tuple([z.number(), z.number(), z.number()]);
/** What a model says of a name, and whether that is right (0 or 1): of each level with all above it. */
const judged = z.object({ said: three, right: three });
const line = judged.extend({
  path: z.tuple([z.number(), z.number().nullable(), z.number().nullable()]),
  truth: z.tuple([z.number(), z.number().nullable(), z.number().nullable()]),
  nearest: z.number().nullable(),
  unknown: z.number(),
  /** Whether the noisy teacher says the same, as right; null where it was not asked. */
  teacher: three.nullable(),
  /** With all voices asked of every name. */
  all: judged,
});
export type Judged = z.infer<typeof judged>;
export type JudgedName = z.infer<typeof line>;

/** Whether the whole path is right. */
export const isRight = ({ right }: Judged) => right.every((level) => level === 1);

/**
 * Reads the lines of bench/trust/predict.ts.
 *
 * @throws TaxonError when there is no such file, or not of this form
 */
export function readJudged(file: string): JudgedName[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw misuse(`there is no file ${file}`, 'Make it: node bench/trust/predict.ts');
  }
  return text
    .split('\n')
    .filter((each) => each !== '')
    .map((each, i) => {
      const parsed = line.safeParse(JSON.parse(each));
      if (!parsed.success) throw new TaxonError(`line ${i + 1} of ${file} is not what predict.ts writes`);
      return parsed.data;
    });
}
