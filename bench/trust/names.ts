import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { misuse, TaxonError } from '../../src/errors.ts';

/** What a model says of a name, and whether that is right: of each level with all above it. */
export interface JudgedName {
  said: readonly [number, number, number];
  /** Whether the whole path is right. */
  right: boolean;
}

const three = z.tuple([z.number(), z.number(), z.number()]);
const line = z.object({ said: three, right: three });

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
      const { said, right } = parsed.data;
      return { said, right: right.every((level) => level === 1) };
    });
}
