/** What nobody sees: soft hyphens, joiners, marks of direction, variation selectors, byte order marks. */
const invisible = /\u034f|[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]+|[\ufe00-\ufe0f]/gu;

/** The white space that PostgreSQL's `normalise` trims and collapses: ECMAScript's `\s` and U+0085, less U+FEFF. */
const whiteSpace = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/gu;

/** A text as people see it: without invisible characters, white space collapsed and trimmed; case and quotes stay. */
export function visible(text: string): string {
  return text.replace(invisible, '').replace(whiteSpace, ' ').replace(/^ | $/gu, '');
}

/**
 * The name key of a name; the same as `normalise(name)` in SQL (test/normalise.test.ts holds them together).
 *
 * Strips invisible characters, folds U+2019 and U+02BC to the apostrophe, collapses and trims white space, lower-cases
 * by Unicode's root rules, composes (NFC). Composing comes last because lower-casing can leave a pair that composes
 * (J + caron has no capital letter of its own, j + caron is one letter). Characters that Unicode added after version
 * 14 may differ between the two, as PostgreSQL 15 and Node carry other versions of its tables.
 */
export function normalise(name: string): string {
  return visible(name)
    .replace(/[\u2019\u02bc]/gu, "'")
    .toLowerCase()
    .normalize('NFC');
}

/** What two spellings of one path of category names have in common: the name key of each level. */
export function pathKey(path: readonly string[]): string {
  return path.map(normalise).join('\n');
}
