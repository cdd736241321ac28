import type { Database } from '../database/connection/open.ts';
import type { Kind } from '../database/kind-types.ts';
import { decideKind, type KindWord, listKinds, openKind } from '../database/kinds.ts';
import { loadPaths } from '../database/taxonomy.ts';
import { TaxonError } from '../errors.ts';
import { type Choice, chooseCategory } from './choose.ts';
import type { Keys } from './keys.ts';
import { decided, kindScreen } from './kind-screen.ts';

/** How many names are drawn, one step after the other: none unmarked, they prove 22, 10 and 5 %. */
const steps = [12, 29, 59] as const;

export interface KindsReviewed {
  decided: number;
  /** Labels of people that these decisions made, and how many of them said something else before. */
  labels: number;
  corrected: number;
  split: number;
  unsure: number;
}

export interface KindsOptions {
  /** Only kinds with this word. */
  word: string | null;
  /** Columns of the screen. */
  width: number;
}

/** Numbers in a line of text, however they are separated. */
const numbersIn = (text: string) => Array.from(text.matchAll(/\d+/g), ([digits]) => Number(digits));

/**
 * Goes through kinds, the one that is worth most first, key by key. Each decision is committed before the next screen; what a
 * kind is split into comes next.
 */
export async function reviewKinds(
  db: Database,
  { word, width }: KindsOptions,
  keys: Keys,
  write: (text: string) => void,
): Promise<KindsReviewed> {
  const skipped = new Set<number>();
  /** Parts of kinds that were split here, to be shown before others. */
  const next: number[] = [];
  const said: { kindId: number; word: KindWord; labels: number; corrected: number }[] = [];
  let paths: Choice[] | undefined;
  let kind: Kind | undefined;
  let shown: number = steps[0];
  const unmarked = new Set<number>();

  async function show(kindId: number | undefined): Promise<void> {
    shown = steps[0];
    unmarked.clear();
    if (kindId !== undefined) kind = await openKind(db, kindId, shown);
    else {
      kind = undefined;
      while (kind === undefined && next.length > 0) kind = await openKind(db, next.shift() as number, shown);
      kind ??= (await listKinds(db, skipped.size + 1, word)).find(({ kind_id }) => !skipped.has(kind_id));
    }
    draw();
  }
  function draw(): void {
    if (kind !== undefined) write(kindScreen(kind, said.length + skipped.size + 1, unmarked, width));
    else write('\nthere are no more kinds: u takes the last decision back, any other key ends\n');
  }
  async function say(of: Kind, what: KindWord): Promise<void> {
    const done = await decideKind(db, of.kind_id, { ...what, shown, unmarked: [...unmarked] });
    if (what.mode === 'decide') write(decided(done));
    else write(what.mode === 'split' ? `split into ${done.parts.length}\n` : 'put aside for 30 days\n');
    said.push({ kindId: of.kind_id, word: what, labels: done.labels, corrected: done.corrected });
    next.unshift(...done.parts);
    await show(undefined);
  }
  async function split(of: Kind): Promise<void> {
    try {
      await say(of, { mode: 'split' });
    } catch (error) {
      if (!(error instanceof TaxonError)) throw error;
      write(`${error.message}\n`);
    }
  }
  async function undo(): Promise<void> {
    const last = said.pop();
    if (last === undefined) {
      write('there is no decision to take back\n');
      return;
    }
    const { run_id } = await decideKind(db, last.kindId, { mode: 'undo' });
    write(run_id === null ? 'taken back\n' : `taken back: run ${run_id}\n`);
    await show(last.kindId);
  }
  async function choose(of: Kind): Promise<void> {
    paths ??= (await loadPaths(db)).map(({ category_id, names }) => ({
      category_id,
      path: names.join(' > '),
    }));
    const chosen = await chooseCategory(keys, write, paths, of.votes);
    if (chosen === null) draw();
    else await say(of, { mode: 'decide', categoryId: chosen.category_id });
  }
  async function unmark(of: Kind): Promise<void> {
    write('numbers of names that do not belong; one that is unmarked is marked again\n');
    for (const n of numbersIn((await keys.line()) ?? '')) {
      if (!of.members.some((member) => member.n === n)) write(`there is no ${n} on the screen\n`);
      else if (!unmarked.delete(n)) unmarked.add(n);
    }
    draw();
  }
  async function more(of: Kind): Promise<void> {
    shown = steps.find((step) => step > shown) ?? of.names;
    kind = (await openKind(db, of.kind_id, shown)) ?? of;
    draw();
  }

  await show(undefined);
  for (;;) {
    const key = await keys.key();
    if (key === null || key === 'q') break;
    const candidate = kind?.votes[key === 'a' ? 0 : Number(key) - 1];
    if (key === 'u') await undo();
    else if (kind === undefined) break;
    else if (candidate !== undefined) await say(kind, { mode: 'decide', categoryId: candidate.category_id });
    else if (key === 'c') await choose(kind);
    else if (key === 'x') await unmark(kind);
    else if (key === 'm') await more(kind);
    else if (key === 's') await split(kind);
    else if (key === 'n') await say(kind, { mode: 'not_sure' });
    else if (key === 'k') {
      skipped.add(kind.kind_id);
      await show(undefined);
    } else if (key.trim() !== '') write('a, a digit, c, x, m, s, n, k, u or q\n');
  }
  const by = (mode: KindWord['mode']) => said.filter((one) => one.word.mode === mode);
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
  return {
    decided: by('decide').length,
    labels: sum(said.map(({ labels }) => labels)),
    corrected: sum(said.map(({ corrected }) => corrected)),
    split: by('split').length,
    unsure: by('not_sure').length,
  };
}
