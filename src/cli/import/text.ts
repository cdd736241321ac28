import type { ImportedLabels, ImportedProducts, ImportedTree } from '../../database/imported.ts';
import type { DryRun } from '../../import/dry-run.ts';
import { printable } from '../../printable.ts';
import { duration } from '../../progress.ts';
import { table } from '../output.ts';

/** So many losing answers are shown to a person; --json has up to 1,000. */
const shownLosers = 20;
const shownSpellings = 10;

/** What of the tree is otherwise than the file has it, and how to take all of it back. */
function treeLines(r: ImportedLabels | ImportedTree): string[] {
  const lines: string[] = [];
  if (r.renamed > 0) lines.push(`${r.renamed} categories got the name or place of the file`);
  if ((r.elsewhere ?? 0) > 0) {
    lines.push(`${r.elsewhere} rows name a category by another path than the database has: read by its id`);
    for (const { external_id, given, kept, times, line } of (r.by_id ?? []).slice(0, shownSpellings))
      lines.push(
        `  ${external_id}: ${printable(given, 200)}, here ${kept} (${times} rows, the first in line ${line})`,
      );
    lines.push('  --rename gives these categories the names of the file');
  }
  if (r.folded > 0) {
    const [l1, l2, l3] = r.tree_levels.split(',');
    lines.push(
      `${r.folded} categories are deeper than three levels: depths ${l1} and ${l2} and ${l3 === 'deepest' ? 'the deepest' : l3} count as l1, l2 and l3 (--tree-levels chooses others)`,
    );
    for (const fold of r.folds)
      lines.push(`  ${fold.path}: ${[fold.l1, fold.l2, fold.l3].filter((name) => name !== null).join(', ')}`);
  }
  return lines;
}

const undoLine = (r: { run_id: number }) =>
  `run ${r.run_id}; back again: select * from taxon.undo_run(${r.run_id});`;

export function labelsText(r: ImportedLabels, seconds: number, conflicts: string | undefined): string {
  const dated = r.dated > 0 ? ` (${r.dated} dated)` : '';
  const lines = [
    `${r.rows} rows, ${r.names} names: ${r.added} labels added, ${r.changed} changed, ${r.unchanged} as they were${dated}`,
    `${r.categories} categories made; ${r.settled} waiting names answered; ${duration(seconds)}`,
  ];
  if (r.corrected + r.asked_again > 0)
    lines.push(
      `${r.corrected} rows of products corrected by the new labels, ${r.asked_again} asked again whose nearest label changed`,
    );
  if (r.held > 0)
    lines.push(`${r.held} rows are held by other transactions and were left: the next import corrects them`);
  if (r.respelt > 0) {
    lines.push(
      `${r.respelt} rows spell a category otherwise (case, apostrophes, invisible characters): it is one`,
    );
    for (const { given, kept, times, line } of r.spellings.slice(0, shownSpellings))
      lines.push(`  ${printable(given, 200)}: read as ${kept} (${times} rows, the first in line ${line})`);
  }
  lines.push(...treeLines(r));
  if (r.lost > 0 && conflicts !== undefined) lines.push(`${r.lost} answers were not kept: see ${conflicts}`);
  else if (r.lost > 0) {
    const all = r.lost > shownLosers ? `, the first ${shownLosers} (--conflicts FILE has all)` : '';
    lines.push(`${r.lost} answers were not kept${all}:`);
    for (const loser of r.losers.slice(0, shownLosers)) {
      const more = loser.times > loser.lines.length ? ', …' : '';
      const where = loser.times === 0 ? '' : ` (line ${loser.lines.join(', ')}${more})`;
      lines.push(`  ${loser.name}: ${loser.kept}, not ${loser.lost}${where}: ${loser.reason}`);
    }
  }
  return [...lines, undoLine(r)].join('\n');
}

export function treeText(r: ImportedTree, seconds: number): string {
  const known = r.known === undefined ? '' : `, ${r.known} were there`;
  return [
    `${r.nodes} categories in the file, ${r.depth} levels deep: ${r.categories} made${known}; ${duration(seconds)}`,
    ...treeLines(r),
    undoLine(r),
  ].join('\n');
}

export function productsText(r: ImportedProducts, seconds: number): string {
  return `${r.rows} products: ${r.done} answered from memory, ${r.pending} wait for a sidecar, ${r.failed} without a name; ${duration(seconds)}`;
}

export function dryRunText(r: DryRun): string {
  const lines = [`${r.rows} rows can be read, ${r.faults} cannot; nothing was written`];
  if (r.paths > 0) lines.push(`${r.paths} distinct paths`);
  if (r.deeper > 0)
    lines.push(
      `${r.deeper} of them deeper than three levels, e.g. ${r.deepest} (--tree-levels says which count)`,
    );
  lines.push(...r.notices.map((notice) => `notice: ${notice}`));
  if (r.sample.length > 0) lines.push('', 'the first rows as they would be read:', table(r.sample));
  if (r.faults > 0) {
    lines.push('', 'rows that cannot be read:');
    for (const [reason, times] of Object.entries(r.reasons)) lines.push(`  ${times}: ${reason}`);
    lines.push('', table(r.first_faults));
  }
  return lines.join('\n');
}
