import type { ClassSizes, DatasetFacts } from '../../train/data/facts.ts';
import { table } from '../output.ts';

/** Conflicts shown on a screen. */
const shown = 5;

const list = (counts: Record<string, number>) =>
  Object.entries(counts)
    .map(([what, n]) => `${what} ${n}`)
    .join(', ') || 'none';

function levelRow(level: string, sizes: ClassSizes, smallBelow: number) {
  return {
    level,
    rows: sizes.rows,
    classes: sizes.classes,
    'largest class': sizes.largest === null ? '' : `${sizes.largest.rows} ${sizes.largest.path}`,
    median: sizes.median,
    [`under ${smallBelow} rows`]: sizes.small,
  };
}

/** What training would use, for people. */
export function factsText(facts: DatasetFacts & { encoder: string }): string {
  const { levels, conflicts, depths } = facts;
  const lines = [
    `${facts.usable} of ${facts.labels} labels can train; ${facts.retired} are of retired categories, ${facts.sealed} are sealed: drawn as checks`,
    `sources: ${list(facts.sources)}`,
    `parts: ${list(facts.parts)}`,
    `scripts: ${list(facts.scripts)}`,
    `paths stop at: ${list(depths)}`,
    `to encode: ${facts.unencoded} names (${facts.encoder})`,
    '',
    table(Object.entries(levels).map(([level, sizes]) => levelRow(level, sizes, facts.small_below))),
    '',
    `names whose label was changed to another category: ${conflicts.count}`,
    ...conflicts.latest
      .slice(0, shown)
      .map(
        (c) =>
          `  ${c.name_key}: ${c.before_path} (${c.before_source}) → ${c.after_path} (${c.after_source}), ${c.changed_at.toISOString().slice(0, 10)}`,
      ),
  ];
  return lines.join('\n');
}
