import { deepest } from '../../model/tree.ts';
import type { Path } from '../../model/types.ts';
import type { Truth } from './evaluate.ts';

/** A category's whole path of names, by its id. */
export type ClassNames = ReadonlyMap<number, string>;

const stop = '(stops here)';
const separator = ' > ';

/** The names of every category of a taxonomy, as a report shows them: `Home > Kitchen > Kettles`. */
export function classNamesOf(
  paths: Iterable<{ category_id: number; names: readonly string[] }>,
): Map<number, string> {
  return new Map(Array.from(paths, ({ category_id, names }) => [category_id, names.join(separator)]));
}

/** The name of a class of a level: null is a path that stops above, -1 a category that the database does not know. */
export function nameOf(id: number | null, names: ClassNames): string {
  if (id === null) return stop;
  if (id === -1) return '(not in the taxonomy)';
  return names.get(id) ?? `category ${id}`;
}

/** The name of a whole path: that of its deepest category. */
export function pathName(path: Path | Truth, names: ClassNames): string {
  return nameOf(deepest(path), names);
}
