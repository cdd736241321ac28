/** What stands between two paths in one field. A comma is part of many names, so behind it a root must be known. */
const marks = /[,;|\n]/gu;

/**
 * The paths in one field, "a > b | c > d". A piece begins a path where its root is one that another path of the file has
 * begun with, or where it and what stands before it have levels and no comma is between them.
 *
 * @returns the field itself where it is one path
 */
export function severalPaths(field: string, separator: string, roots: ReadonlySet<string>): string[] {
  // where a mark is what separates levels, nothing is left to tell paths apart by
  const cuts = [...field.matchAll(marks)].filter(([mark]) => !separator.includes(mark));
  if (cuts.length === 0) return [field];
  const found: string[] = [];
  let start = 0;
  for (const [i, cut] of cuts.entries()) {
    const piece = field.slice(cut.index + 1, cuts[i + 1]?.index ?? field.length);
    const before = field.slice(start, cut.index);
    const known = roots.has(piece.split(separator)[0]?.trim() ?? '');
    const levels = piece.includes(separator);
    const begins = cut[0] === ',' ? known && levels : known || (levels && before.includes(separator));
    if (!begins || before.trim() === '') continue;
    found.push(before);
    start = cut.index + 1;
  }
  return [...found, field.slice(start)];
}

/** The first of several paths, or the one with the most levels, the first among equals. */
export function chosenPath(paths: readonly string[][], rule: 'first' | 'deepest'): string[] {
  const [first = [], ...later] = paths;
  if (rule === 'first') return first;
  return later.reduce((best, path) => (path.length > best.length ? path : best), first);
}
