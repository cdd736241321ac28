import {
  type Alternative,
  alternativesTo,
  judge,
  type OpenCheck,
  openChecks,
  spotCheck,
  undoCheck,
  type Verdict,
} from '../database/checks.ts';
import type { Database } from '../database/connection/open.ts';
import { loadPaths } from '../database/taxonomy.ts';
import { type Choice, chooseCategory } from './choose.ts';
import type { Keys } from './keys.ts';

/** Other answers shown beside the one to judge. */
const alternativesShown = 5;

export interface ReviewOptions {
  /** At most so many names. */
  most: number;
  strategy: string;
  categoryId: number | null;
}

/** What a person did. */
export interface Reviewed {
  right: number;
  wrong: number;
  skipped: number;
  /** Open checks that are left of this list. */
  left: number;
}

/** The open checks, and so many new ones that there are `most`. */
export async function checksToReview(db: Database, options: ReviewOptions): Promise<OpenCheck[]> {
  const waiting = await openChecks(db, options.most);
  if (waiting.length === options.most) return waiting;
  await spotCheck(db, options.most - waiting.length, options.strategy, options.categoryId);
  return openChecks(db, options.most);
}

/** Names are data: what would move a terminal's cursor is shown as a space. */
const plain = (text: string) => text.replaceAll(/\p{Cc}/gu, ' ');

const percent = (confidence: number | null) =>
  confidence === null ? '?' : `${(confidence * 100).toFixed(0)} %`;

function screen(check: OpenCheck, place: number, of: number, others: readonly Alternative[]): string {
  const { name, path, layer, similarity, l1_confidence, l2_confidence, l3_confidence } = check;
  const sure =
    similarity === null
      ? [l1_confidence, l2_confidence, l3_confidence].map(percent).join(' / ')
      : `similarity ${similarity.toFixed(2)}`;
  return [
    `\n${place} of ${of}   ${plain(name)}`,
    `  ${path}   (${layer}, ${sure})`,
    ...others.map((other, i) => `  ${String(i + 1).padStart(2)} ${other.path}   ${plain(other.says)}`),
    'y right   n wrong   c choose what it is   s skip   u undo   q quit\n',
  ].join('\n');
}

function said(verdict: Verdict): string {
  const { label_after, corrected, asked_again } = verdict;
  const rows = [
    ...(corrected === 0 ? [] : [`${corrected} ${corrected === 1 ? 'row' : 'rows'} corrected`]),
    ...(asked_again === 0 ? [] : [`${asked_again} ${asked_again === 1 ? 'row is' : 'rows are'} asked again`]),
  ];
  const what = verdict.verdict === true ? 'right' : label_after === null ? 'wrong' : `it is ${label_after}`;
  return `${[what, ...rows].join(', ')}\n`;
}

/**
 * Goes through checks key by key. Each verdict is committed before the next name is shown, so nothing is lost however this
 * ends; what was skipped stays open.
 */
export async function review(
  db: Database,
  checks: readonly OpenCheck[],
  keys: Keys,
  write: (text: string) => void,
): Promise<Reviewed> {
  /** Places of the verdicts given here, the last of which `u` takes back. */
  const given: { at: number; right: boolean }[] = [];
  const skipped = new Set<number>();
  let paths: Choice[] | undefined;
  let at = 0;
  let shownAt = -1;
  let others: Alternative[] = [];

  async function verdict(check: OpenCheck, right: boolean, category: number | null): Promise<void> {
    write(said(await judge(db, check.check_id, right, category)));
    skipped.delete(at);
    given.push({ at, right });
    at++;
  }
  async function undo(): Promise<void> {
    const last = given.pop();
    if (last === undefined) {
      write('there is no verdict to take back\n');
      return;
    }
    const { kept } = await undoCheck(db, (checks[last.at] as OpenCheck).check_id);
    write(kept === 0 ? 'taken back\n' : `taken back, but ${kept} changes that others changed since stay\n`);
    at = last.at;
    shownAt = -1;
  }
  while (checks.length > 0) {
    const check = checks[at];
    if (check === undefined) write('\nthat was the last: u takes a verdict back, any other key ends\n');
    else if (shownAt !== at) {
      others = await alternativesTo(db, check.check_id, alternativesShown);
      write(screen(check, at + 1, checks.length, others));
      shownAt = at;
    }
    const key = await keys.key();
    if (key === null || key === 'q') break;
    if (key === 'u') await undo();
    else if (check === undefined) break;
    else if (key === 'y') await verdict(check, true, null);
    else if (key === 'n') await verdict(check, false, null);
    else if (key === 'c') {
      paths ??= (await loadPaths(db)).map(({ category_id, names }) => ({
        category_id,
        path: names.join(' > '),
      }));
      const chosen = await chooseCategory(keys, write, paths, others);
      if (chosen === null) shownAt = -1;
      else
        await verdict(
          check,
          chosen.category_id === check.category_id,
          chosen.category_id === check.category_id ? null : chosen.category_id,
        );
    } else if (key === 's') {
      skipped.add(at);
      at++;
    } else if (key.trim() !== '') write('y, n, c, s, u or q\n');
  }
  const judged = new Map(given.map(({ at: place, right }) => [place, right]));
  const right = [...judged.values()].filter(Boolean).length;
  return { right, wrong: judged.size - right, skipped: skipped.size, left: checks.length - judged.size };
}
