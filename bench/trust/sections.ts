import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** Around what a program writes into a page; what people wrote outside stays. */
const markers = (name: string) => [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`] as const;

/**
 * The text between a page's markers.
 *
 * @throws Error where the page has no such markers
 */
export function sectionOf(page: string, name: string): string {
  const [begin, end] = markers(name);
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the page has no section "${name}"`);
  return page.slice(from + begin.length, to).trim();
}

/** The page with another text between its markers; appended where it has none. */
export function withSection(page: string, name: string, body: string): string {
  const [begin, end] = markers(name);
  const section = `${begin}\n\n${body.trim()}\n\n${end}`;
  const from = page.indexOf(begin);
  if (from < 0) return `${page.trimEnd()}\n\n${section}\n`.trimStart();
  return `${page.slice(0, from)}${section}${page.slice(page.indexOf(end) + end.length)}`;
}

/** Writes a section of a file. */
export function writeSection(file: string, name: string, body: string): void {
  writeFileSync(file, withSection(existsSync(file) ? readFileSync(file, 'utf8') : '', name, body));
}
