import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../src/config.ts';
import type { Answer, Path } from '../../src/model/types.ts';
import { rightDownTo } from '../../src/train/judge/evaluate.ts';
import { benchFolder } from '../accuracy/results.ts';

/** What one training of some names says of held-out ones: how sure it is of the whole path, and whether that is right. */
export interface Point {
  set: string;
  /** Another order of the names, another curve. */
  order: number;
  voice: 'letters' | 'joined';
  names: number;
  /** Against the labels of the teacher, as a training sees it. */
  labels: { said: number[]; right: number[] };
  /** Against the truth, of other names. */
  truth: { said: number[]; right: number[] };
}

/** Name keys in an order that hangs on nothing but them and a number. */
export function ordered(keys: readonly string[], order: number): Int32Array {
  const place = keys.map((key) =>
    createHash('sha256').update(`order ${order}\n${key}`, 'utf8').digest().readUIntBE(0, 6),
  );
  return Int32Array.from(keys.keys()).sort((a, b) => (place[a] as number) - (place[b] as number));
}

/** Answers as they are kept. */
export function judged(answers: readonly Answer[], truth: readonly Path[]) {
  return {
    said: answers.map(({ confidence }) => Number(confidence[2].toFixed(5))),
    right: answers.map(({ path }, i) => Number(rightDownTo(path, truth[i] as Path, 2))),
  };
}

/** JSON lines in the data folder, so that an interrupted bench goes on where it was. */
export class Kept<T> {
  readonly file: string;
  readonly rows: T[];

  constructor(config: Config, name: string) {
    mkdirSync(benchFolder(config), { recursive: true });
    this.file = join(benchFolder(config), name);
    const text = existsSync(this.file) ? readFileSync(this.file, 'utf8') : '';
    this.rows = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as T);
  }

  add(row: T): void {
    this.rows.push(row);
    appendFileSync(this.file, `${JSON.stringify(row)}\n`);
  }
}
