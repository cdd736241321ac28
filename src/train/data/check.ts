import { TaxonError } from '../../errors.ts';
import type { Path } from '../../model/types.ts';

/** Fewer labelled names than this teach nothing. */
const leastLabels = 50;
/** The last layer of a head and AdamW's two moments of it take 512 × 100,000 × 4 × 3 bytes: 614 MB. */
const mostCategories = 100_000;

/** Rows of each path. */
function countPaths(paths: readonly Path[]): Map<string, number> {
  const counts = new Map<string, number>();
  // rows of one category mostly share one array, so that its text is made once
  const texts = new Map<Path, string>();
  for (const path of paths) {
    let text = texts.get(path);
    if (text === undefined) {
      text = String(path);
      texts.set(path, text);
    }
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return counts;
}

/**
 * Refuses what no model can be trained on, before hours go into it.
 *
 * @param what where the names come from, e.g. "memory"
 * @returns categories with one name alone: what they teach cannot be checked on another name
 */
export function checkTrainable(
  what: string,
  set: { keys: readonly string[]; paths: readonly Path[]; retired?: number; sealed?: number },
): { single: number } {
  const { keys, paths, retired = 0, sealed = 0 } = set;
  if (keys.length < leastLabels) {
    const others = [
      ...(retired === 0 ? [] : [`${retired} of retired categories`]),
      ...(sealed === 0 ? [] : [`${sealed} drawn as checks`]),
    ];
    const aside = others.length === 0 ? '' : ` (and ${others.join(' and ')}, which are left out)`;
    throw new TaxonError(
      `${what} holds ${keys.length} labelled names${aside}, training needs at least ${leastLabels}`,
      { hint: 'Import some: taxon import labels.csv --as labels --source llm' },
    );
  }
  const counts = countPaths(paths);
  if (counts.size === 1)
    throw new TaxonError(`all ${keys.length} labelled names of ${what} are of one category`, {
      hint: 'There is nothing to tell apart: add labels of another category.',
    });
  if (counts.size > mostCategories)
    throw new TaxonError(
      `${what} holds labels of ${counts.size} categories, at most ${mostCategories} can be learnt`,
      {
        hint: 'The last layer of one head alone would take more than 600 MB. Are ids of products among the categories? Otherwise choose a level further up: taxon import --tree-levels 1,2,3',
      },
    );
  let single = 0;
  for (const count of counts.values()) if (count === 1) single++;
  return { single };
}
