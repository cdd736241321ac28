import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/config.ts';

/** A piece of code on a page, and where it stands: `docs/guide/costs.md:12`. */
export interface Code {
  at: string;
  text: string;
}

type Kind = 'sql' | 'shell' | 'screen';

/** A line of a block of code: of SQL (a fence says so), of a screen (a fence alone), or of shell (four spaces in, and no SQL). */
interface Line extends Code {
  kind: Kind;
  /** The heading above it. */
  heading: string;
}

const guide = 'docs/guide';

/** The pages that a newcomer reads, as paths below the package. */
export const pages = [
  'README.md',
  ...readdirSync(join(packageRoot, guide)).map((file) => `${guide}/${file}`),
];

/** Their own tests write what stands between these, and compare it (test/sql/transcript.test.ts, ledger-page.test.ts). */
const edgeOfTranscript = /^<!-- transcript: (begin|end) -->$/;

const statement = /^(?:select|insert|update|delete|grant|create|alter|drop|truncate)\s/;

/** All lines of a page. */
export const linesOf = (page: string): string[] => readFileSync(join(packageRoot, page), 'utf8').split('\n');

/** The lines of a page that stand in no block of code. */
export function proseOf(page: string): Code[] {
  let fenced = false;
  return linesOf(page).flatMap((text, i) => {
    const fence = text.startsWith('```');
    if (fence) fenced = !fenced;
    return fence || fenced || /^ {4}/.test(text) ? [] : [{ at: `${page}:${i + 1}`, text }];
  });
}

/** The lines of a page that stand in blocks of code, and its code spans: `…` in all other lines. Transcripts are left out. */
export function codeOf(page: string): { lines: Line[]; spans: Code[] } {
  const lines: Line[] = [];
  const spans: Code[] = [];
  let fence: Kind | null = null;
  let inTranscript = false;
  let heading = '';
  for (const [i, line] of linesOf(page).entries()) {
    const at = `${page}:${i + 1}`;
    const [, edge] = edgeOfTranscript.exec(line) ?? [];
    if (edge !== undefined) inTranscript = edge === 'begin';
    if (inTranscript) continue;
    const text = line.trim();
    if (fence === null) heading = /^#+ (.*)/.exec(line)?.[1] ?? heading;
    const [, language] = /^```(.*)$/.exec(line) ?? [];
    if (language !== undefined) {
      if (!['', 'sql'].includes(language))
        throw new Error(`${at}: nothing runs what is written in ${language}`);
      fence = fence !== null ? null : language === 'sql' ? 'sql' : 'screen';
    } else if (text !== '' && (fence !== null || /^ {4}/.test(line)))
      lines.push({ at, text, heading, kind: fence ?? (statement.test(text) ? 'sql' : 'shell') });
    else for (const span of spansIn(line)) spans.push({ at, text: span });
  }
  return { lines, spans };
}

/** A row of a table on a page: its cells by the titles of their columns. */
export interface Row {
  at: string;
  cells: Record<string, string>;
}

/** The rows of all tables of a page. */
export function rowsOf(page: string): Row[] {
  const rows: Row[] = [];
  let titles: string[] | null = null;
  for (const [i, line] of linesOf(page).entries()) {
    if (!line.startsWith('| ')) {
      // the line of dashes follows the titles
      if (!line.startsWith('|-')) titles = null;
      continue;
    }
    const cells = line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim());
    if (titles === null) titles = cells;
    else
      rows.push({
        at: `${page}:${i + 1}`,
        cells: Object.fromEntries(titles.map((title, at) => [title, cells[at] ?? ''])),
      });
  }
  return rows;
}

/** What stands in code spans of a text. */
export const spansIn = (text: string): string[] =>
  Array.from(text.matchAll(/`([^`]+)`/g), ([, span = '']) => span);

/** The SQL on a page, a statement each: in blocks of SQL, behind the prompts of a screen, and in spans. */
export function statementsOf(page: string): Code[] {
  const { lines, spans } = codeOf(page);
  const written = lines.flatMap(({ at, text, kind }) => {
    const [, prompt] = /^=> (.*)/.exec(text) ?? [];
    const sql = kind === 'sql' ? text : kind === 'screen' ? prompt : undefined;
    if (sql === undefined) return [];
    if (!statement.test(sql))
      throw new Error(`${at}: a statement stands on a line of its own, this is none: ${sql}`);
    return sql
      .replace(/\s--\s.*$/, '')
      .split(/;\s*/)
      .filter((part) => part !== '')
      .map((part) => ({ at, text: part }));
  });
  return [...written, ...spans.filter(({ text }) => statement.test(text))];
}

/** What stands in the shell blocks of a page below a heading, to be run as it is. */
export function shellOf(page: string, heading: string): string {
  const found = codeOf(page).lines.filter((line) => line.kind === 'shell' && line.heading === heading);
  if (found.length === 0) throw new Error(`${page} has no lines of shell below "${heading}"`);
  return found.map(({ text }) => text).join('\n');
}

/** A command as a shell runs it: variables that are set for it or exported, and its words. */
export interface Command extends Code {
  variables: [string, string][];
  words: string[];
}

/** The commands in the blocks of a page. */
export function commandsOf(page: string): Command[] {
  const text = codeOf(page).lines.filter(({ kind }) => kind === 'shell');
  return text.flatMap((line, i) => {
    // the rest of a line that ended in a backslash
    if (text[i - 1]?.text.endsWith('\\')) return [];
    let whole = line.text;
    for (let next = i + 1; whole.endsWith('\\'); next++) whole = `${whole.slice(0, -1)}${text[next]?.text}`;
    return commandsIn({ at: line.at, text: whole });
  });
}

/** The commands of a line of shell, one after another, without comments and redirections. */
export function commandsIn({ at, text }: Code): Command[] {
  const found: string[][] = [[]];
  for (const token of text.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? []) {
    if (token.startsWith('#')) break;
    if (/^(?:&&|\|\||\||&|;)$/.test(token)) found.push([]);
    else found.at(-1)?.push(token.replace(/^\(|[;)]$/g, ''));
  }
  return found
    .filter((tokens) => tokens.length > 0)
    .map((tokens) => {
      const words = tokens.map((token) => token.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'));
      const variables: [string, string][] = [];
      while (/^(?:export$|[A-Z_]+=)/.test(words[0] ?? '')) {
        const [name = '', ...value] = (words.shift() as string).split('=');
        if (name !== 'export') variables.push([name, value.join('=')]);
      }
      const to = words.indexOf('>');
      return { at, text, variables, words: to < 0 ? words : words.slice(0, to) };
    });
}
