import { misuse } from '../errors.ts';
import { log } from '../log.ts';
import { visible } from '../normalise.ts';
import type { RowKind } from './row.ts';
import { shown } from './text.ts';

const levelNames = ['l1', 'l2', 'l3'];
const ofCategory = [...levelNames, 'path', 'category_external_id', 'external_id'];
const known: Record<RowKind, string[]> = {
  labels: ['name', ...ofCategory, 'source', 'labelled_at'],
  products: ['name', 'external_id'],
  tree: [...ofCategory, 'id', 'parent_id', 'name'],
};

const wanted: Record<RowKind, string> = {
  labels:
    'The header must be name,l1,l2,l3[,source][,labelled_at][,category_external_id], or name,path with paths like "a > b > c".',
  products: 'The header must be name[,external_id].',
  tree: 'The header must be path[,category_external_id] with paths like "a > b > c", l1,l2,l3[,category_external_id], or id,parent_id,name.',
};

/** Where in a record each value stands. */
export interface Columns {
  width: number;
  name: number | undefined;
  path: number | undefined;
  /** l1, l2, l3, as far as they are there. */
  levels: number[];
  source: number | undefined;
  labelledAt: number | undefined;
  externalId: number | undefined;
  /** Of the nodes of a tree. */
  parentId: number | undefined;
  /** What the shop knows the row by, for messages; read or not. */
  ownId: number | undefined;
}

/** What a file of this kind must begin with. */
export function emptyHint(kind: RowKind): string {
  return wanted[kind];
}

/** The columns that are read of a file of this kind. */
export function knownColumns(kind: RowKind): readonly string[] {
  return known[kind];
}

/** What a column is called: in any case, with spaces or hyphens for the underscores, whatever stands invisible in it. */
export function columnName(field: string): string {
  return visible(field).toLowerCase().replace(/[ -]/g, '_');
}

/**
 * Finds the columns, in any order and case; names those that are not read in a notice.
 *
 * @throws TaxonError that says what is missing or contradicts itself, and what the header must be
 */
export function readHeader(fields: readonly string[], kind: RowKind, file: string): Columns {
  const names = fields.map(columnName);
  const quoted = fields.every((field) => /^".*"$/u.test(field));
  const bad = (what: string) =>
    misuse(
      `${file}: ${what}; its header is: ${shown(fields.map(visible).join(', '))}`,
      quoted ? 'In a .tsv quotes mean nothing: where fields stand in quotes, call it .csv.' : wanted[kind],
    );
  const at = (name: string) => {
    const index = known[kind].includes(name) ? names.indexOf(name) : -1;
    return index === -1 ? undefined : index;
  };
  const twice = known[kind].find((name) => names.indexOf(name) !== names.lastIndexOf(name));
  if (twice !== undefined) throw bad(`the column ${twice} is there twice`);

  const path = at('path');
  const levels = levelNames.map(at).filter((index) => index !== undefined);
  const nodes = kind === 'tree' && path === undefined && levels.length === 0;
  const name = kind === 'tree' && !nodes ? undefined : at('name');
  if (nodes) {
    const missing = ['id', 'parent_id', 'name'].find((column) => at(column) === undefined);
    if (missing !== undefined) throw bad(`there is no column "${missing}", and no "path"`);
  } else if (kind !== 'tree' && name === undefined) throw bad('there is no column "name"');
  if (kind !== 'products' && !nodes) {
    if (path !== undefined && levels.length > 0) throw bad('it has both path and l1');
    if (
      path === undefined &&
      levelNames.slice(0, Math.max(1, levels.length)).some((l) => at(l) === undefined)
    )
      throw bad('the columns of the category are missing');
    const deeper = names.find((column) => /^l([4-9]|\d\d+)$/.test(column));
    if (deeper !== undefined && path === undefined)
      throw bad(`${deeper} is too deep: a deeper tree comes as ${kind === 'tree' ? 'path' : 'name,path'}`);
  }
  const source = at('source');
  const labelledAt = at('labelled_at');
  // a labels file has no ids but the categories'
  const externalId = nodes ? at('id') : (at('category_external_id') ?? at('external_id'));
  const parentId = nodes ? at('parent_id') : undefined;
  const read = new Set([name, path, source, labelledAt, externalId, parentId, ...levels]);
  const ignored = fields.filter((_, index) => !read.has(index)).map((field) => `"${visible(field)}"`);
  if (ignored.length > 0) log.info(`${file}: columns that are not read: ${shown(ignored.join(', '))}`);
  const own = ['id', 'external_id', 'product_id', 'sku'].map((column) => names.indexOf(column));
  const ownId = own.find((index) => index !== -1) ?? externalId;
  return {
    ...{ width: names.length, name, path, levels, source, labelledAt, externalId, parentId, ownId },
  };
}
