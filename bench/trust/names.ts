import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { misuse, TaxonError } from '../../src/errors.ts';
import { number } from '../../src/shapes.ts';

const three = v.strictTuple([number, number, number]);
const path = v.strictTuple([number, v.nullable(number), v.nullable(number)]);
/** What a model says of a name, and whether that is right (0 or 1): of each level with all above it. */
const judged = v.object({ said: three, right: three });
const line = v.object({
  ...judged.entries,
  path,
  truth: path,
  nearest: v.nullable(number),
  unknown: number,
  /** Whether the noisy teacher says the same, as right; null where it was not asked. */
  teacher: v.nullable(three),
  /** With all voices asked of every name. */
  all: judged,
});
export type Judged = v.InferOutput<typeof judged>;
export type JudgedName = v.InferOutput<typeof line>;

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
      const parsed = v.safeParse(line, JSON.parse(each));
      if (!parsed.success) throw new TaxonError(`line ${i + 1} of ${file} is not what predict.ts writes`);
      return parsed.output;
    });
}
