import { createHash } from 'node:crypto';
import { quoteName } from '../llm/prompt.ts';
import { promptName } from '../llm/taxonomy.ts';
import { normalise } from '../normalise.ts';
import type { ErrorRates } from './models.ts';
import type { Asked } from './read-prompt.ts';

export interface TeacherOptions {
  /** Name key → names of the true path, from the top. */
  truth: ReadonlyMap<string, readonly string[]>;
  errorRates: ErrorRates;
  seed: number;
  /** Share of names that a call answers by other draws than usual; 0: the same name always errs in the same way. */
  unsteady?: number;
}

type Category = Asked['categories'][number];

/** When the true category is not offered: how often the teacher notices. An assumption of the simulation. */
const noticesNone = 0.7;

/** The key under which a name of the prompt and a name of the truth meet: the prompt cuts and cleans names. */
function keyOf(name: string): string {
  const shown: unknown = JSON.parse(quoteName(name));
  return normalise(String(shown));
}

/** Eight numbers in [0, 1) that depend on nothing but their seed. */
function draws(...seed: (number | string)[]): number[] {
  const digest = createHash('sha256').update(seed.join('\n')).digest();
  return Array.from({ length: 8 }, (_, i) => digest.readUInt32LE(i * 4) / 2 ** 32);
}

function pick<T>(list: readonly T[], draw: number): T | undefined {
  return list[Math.floor(draw * list.length)];
}

/** The level, 0 to 2, at which two paths part; below l3 all is l3. */
function partsAt(a: readonly string[], b: readonly string[]): number {
  let level = 0;
  while (level < 2 && a[level] === b[level]) level++;
  return level;
}

/**
 * The simulated LLM's judgement: knows the truth of a labelled file and errs at given rates, by name, not by call.
 *
 * The right answer is the true category; where only upper categories are shown (the first step of two) or "none of
 * these" is no answer, the deepest offered one above it will do. A mistake is another offered category that parts from
 * the right one at the level drawn. With no right answer: "none of these" in 70% of cases where that is offered, else
 * one of the offered categories that share most of the true path.
 */
export class Teacher {
  readonly #truth = new Map<string, string[]>();
  readonly #rates: ErrorRates;
  readonly #seed: number;
  readonly #unsteady: number;

  constructor(options: TeacherOptions) {
    for (const [name, path] of options.truth) this.#truth.set(keyOf(name), path.map(promptName));
    this.#rates = options.errorRates;
    this.#seed = options.seed;
    this.#unsteady = options.unsteady ?? 0;
  }

  /** The answer for one name: an offered id, or 0 where none is offered and 0 is. */
  answer(
    name: string,
    { categories, noneOffered, upperOnly }: Omit<Asked, 'names'>,
    call: number,
  ): { id: number; confidence: number } {
    const key = keyOf(name);
    const unsteady = this.#unsteady > 0 && (draws(this.#seed, key, call, 'steady')[0] ?? 1) < this.#unsteady;
    const [errs = 0, which = 0, sure = 0, notices = 0] = unsteady
      ? draws(this.#seed, key, call)
      : draws(this.#seed, key);
    const truth = this.#truth.get(key);
    const right = truth && rightOf(truth, categories, upperOnly || !noneOffered);
    if (truth === undefined || right === undefined) {
      const none = truth !== undefined && noneOffered && notices < noticesNone;
      const id = none ? 0 : (guess(truth, categories, which)?.id ?? 0);
      return { id, confidence: rounded(0.3 + 0.4 * sure) };
    }
    const level = this.#rates.findIndex((rate) => errs < rate);
    // what is wrong only below the category asked for, is not wrong yet
    const errsBelow = right.path.length < truth.length && level >= right.path.length;
    const wrong = level < 0 || errsBelow ? undefined : mistake(right, level, categories, which);
    // A model is surer when it is right, but not so much that its word could be taken for it.
    return wrong
      ? { id: wrong.id, confidence: rounded(0.45 + 0.5 * sure) }
      : { id: right.id, confidence: rounded(0.7 + 0.29 * sure) };
  }
}

/** The true category, else, where that will do, the deepest offered one above it. */
function rightOf(
  truth: readonly string[],
  categories: readonly Category[],
  aboveWillDo: boolean,
): Category | undefined {
  let best: Category | undefined;
  for (const category of categories) {
    const { path } = category;
    if (!startsWith(truth, path)) continue;
    if (path.length === truth.length) return category;
    if (aboveWillDo && path.length > (best?.path.length ?? 0)) best = category;
  }
  return best;
}

/** Another category that parts from the right one at this level; where none is offered, at a deeper one, then at a higher. */
function mistake(
  right: Category,
  level: number,
  categories: readonly Category[],
  which: number,
): Category | undefined {
  const others = categories.filter((category) => category.id !== right.id);
  const levels = [0, 1, 2].toSorted((a, b) => distance(a, level) - distance(b, level));
  for (const wanted of levels) {
    const found = pick(
      others.filter((other) => partsAt(other.path, right.path) === wanted),
      which,
    );
    if (found) return found;
  }
  return undefined;
}

/** A plausible category for a name whose truth is unknown or not offered: the nearest to the truth, at its depth or any. */
function guess(
  truth: readonly string[] | undefined,
  categories: readonly Category[],
  which: number,
): Category | undefined {
  if (truth === undefined) return pick(categories, which);
  const nearest = Math.max(...categories.map((category) => partsAt(category.path, truth)));
  return pick(
    categories.filter((category) => partsAt(category.path, truth) === nearest),
    which,
  );
}

/** Deeper levels are nearer than higher ones: 0 for the level itself. */
function distance(level: number, wanted: number): number {
  return level >= wanted ? level - wanted : 3 + wanted - level;
}

function startsWith(path: readonly string[], start: readonly string[]): boolean {
  return start.length <= path.length && start.every((name, i) => name === path[i]);
}

function rounded(x: number): number {
  return Math.round(x * 100) / 100;
}
