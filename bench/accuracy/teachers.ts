import { pick, type Random, randomFrom, shuffled } from '../../src/demo/catalogue/random.ts';
import type { Path } from '../../src/model/types.ts';
import type { Labelled, Source, Teacher } from './types.ts';

type Level = 0 | 1 | 2;
const levels = [0, 1, 2] as const;

/** The highest level at which an answer is wrong; null when all of it is right. */
export function firstWrong(truth: Path, said: Path): Level | null {
  return levels.find((level) => truth[level] !== said[level]) ?? null;
}

/** Share of the names that are wrong at a level or above it. */
export function errorRates(truth: readonly Path[], said: readonly Path[]): [number, number, number] {
  const counts: [number, number, number] = [0, 0, 0];
  for (const [i, path] of truth.entries()) {
    const wrong = firstWrong(path, said[i] as Path);
    for (const level of levels) if (wrong !== null && level >= wrong) counts[level]++;
  }
  return counts.map((count) => count / truth.length) as [number, number, number];
}

/** What a name looks like to who reads its beginning only: its first word of three letters or more, and its true path. */
export function clusterOf(key: string, truth: Path): string {
  return `${/\p{L}{3,}/u.exec(key)?.[0] ?? ''} ${truth.join()}`;
}

const under = (path: Path, depth: number) => path.slice(0, depth).join();

/** The wrong answers that were given, by what was true: drawing one at random repeats how often each was. */
class Confusion {
  /** Wrong answers by the level that is wrong first and the true path, whole or cut above. */
  private readonly wrong = new Map<string, Path[]>();
  /** All answers by their path, cut above. */
  private readonly given = new Map<string, Path[]>();
  private readonly found = new Map<string, readonly Path[]>();
  /** How many names are wrong first at each level. */
  readonly counts: [number, number, number] = [0, 0, 0];

  constructor(truth: readonly Path[], said: readonly Path[]) {
    const add = (map: Map<string, Path[]>, key: string, path: Path) => {
      const list = map.get(key);
      if (list === undefined) map.set(key, [path]);
      else list.push(path);
    };
    for (const [i, path] of truth.entries()) {
      const answer = said[i] as Path;
      for (const depth of levels) add(this.given, under(answer, depth), answer);
      const level = firstWrong(path, answer);
      if (level === null) continue;
      this.counts[level]++;
      for (let depth = level; depth <= 3; depth++)
        add(this.wrong, `${level}:${depth}:${under(path, depth)}`, answer);
    }
  }

  /**
   * Answers to a name of that path that are wrong first at that level, as often as each was given: to names of the
   * same path, else of the nearest branch around it that knows any, else simply all answers that would be such an
   * error. Empty when there is none.
   */
  wrongAnswers(path: Path, level: Level): readonly Path[] {
    const key = `${level}:${path.join()}`;
    const known = this.found.get(key);
    if (known !== undefined) return known;
    const fits = (answer: Path) => firstWrong(path, answer) === level;
    let answers: readonly Path[] = [];
    for (let depth = 3; depth >= level && answers.length === 0; depth--)
      answers = (this.wrong.get(`${level}:${depth}:${under(path, depth)}`) ?? []).filter(fits);
    if (answers.length === 0) answers = (this.given.get(under(path, level)) ?? []).filter(fits);
    this.found.set(key, answers);
    return answers;
  }
}

/**
 * Makes whole groups of names wrong until, at each level, as many names are wrong first there as the original teacher
 * has (a group too large for what is left of a level goes to the next level, or stays right).
 */
function spoil(
  truth: readonly Path[],
  confusion: Confusion,
  groups: readonly number[][],
  random: Random,
): Path[] {
  const said = [...truth];
  const left = [...confusion.counts];
  for (const group of shuffled(random, groups)) {
    const path = truth[group[0] as number] as Path;
    const level = levels.find(
      (at) => group.length <= (left[at] as number) && confusion.wrongAnswers(path, at).length > 0,
    );
    if (level === undefined) continue;
    left[level] = (left[level] as number) - group.length;
    const answer = pick(random, confusion.wrongAnswers(path, level));
    for (const row of group) said[row] = answer;
  }
  return said;
}

/**
 * SIMULATED teachers, made from the truth, with the original teacher's error rates at each level and wrong answers
 * drawn from its own confusions, so mostly siblings:
 *
 * - `random`: each name is wrong by itself, so that other names of its kind give the error away;
 * - `systematic`: names with the same first word and the same true path are wrong together, and all in the same way,
 *   as a language model misreads a kind of product; out of fold the error looks like a fact.
 *
 * @returns the labels of the training and the valid names; those of `original` as they are
 */
export function teach(
  { train, valid }: Pick<Source, 'train' | 'valid'>,
  teacher: Teacher,
  seed: number,
): { train: Labelled; valid: Labelled } {
  const count = train.keys.length;
  if (teacher === 'original') {
    const { keys, paths } = train;
    return { train: { keys, paths }, valid: { keys: valid.keys, paths: valid.paths } };
  }
  const keys = [...train.keys, ...valid.keys];
  const truth = [...train.truth, ...valid.truth];
  const confusion = new Confusion(truth, [...train.paths, ...valid.paths]);
  const groups = new Map<string, number[]>();
  for (const [row, key] of keys.entries()) {
    const group = teacher === 'random' ? String(row) : clusterOf(key, truth[row] as Path);
    const rows = groups.get(group);
    if (rows === undefined) groups.set(group, [row]);
    else rows.push(row);
  }
  const said = spoil(truth, confusion, [...groups.values()], randomFrom(seed));
  return {
    train: { keys: train.keys, paths: said.slice(0, count) },
    valid: { keys: valid.keys, paths: said.slice(count) },
  };
}
