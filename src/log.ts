/**
 * Notices and progress, on standard error only: standard output belongs to a command's answer (`--json`).
 * `TAXON_LOG` and `--log` say in words, with commas between, which lines and how: the lowest level that is shown (debug, info,
 * warn, error; default info), and text for people (default) or json, one object a line. Its fields: docs/guide/operations.md.
 */

import { misuse } from './errors.ts';
import { printable } from './printable.ts';
import { hideSecrets } from './secrets.ts';

const levels = { debug: 10, info: 20, warn: 30, error: 40 } as const;
type Level = keyof typeof levels;
const allowed = [...Object.keys(levels), 'text', 'json'];

/** What a message is about; of the line's own fields none may be overwritten. */
type Facts = Record<string, unknown> & { time?: never; level?: never; message?: never };

let lowest: number = levels.info;
let asJson = false;

/** Hears each warning and error, whatever is shown. */
type Listener = (level: 'warn' | 'error', message: string, facts: Facts) => void;
const listeners = new Set<Listener>();

/** Changes the lowest level shown, for `--quiet` and `--verbose`. */
export function setLogLevel(level: Level): void {
  lowest = levels[level];
}

const wordsOf = (text: string) => text.split(',').map((word) => word.trim());

/** The first word of such a text that means nothing. */
export function unknownLogWord(text: string): string | undefined {
  return wordsOf(text).find((word) => !allowed.includes(word));
}

/**
 * Takes the words of `--log`.
 *
 * @throws TaxonError naming the word that means nothing
 */
export function setLog(text: string): void {
  const unknown = unknownLogWord(text);
  if (unknown !== undefined)
    throw misuse(
      `--log ${text}: there is no "${unknown}"`,
      `Choose of ${allowed.join(', ')}: json, or json,warn.`,
    );
  takeWords(text);
}

function takeWords(text: string): void {
  for (const word of wordsOf(text))
    if (word === 'json' || word === 'text') asJson = word === 'json';
    else if (Object.hasOwn(levels, word)) setLogLevel(word as Level);
}
// a word that means nothing is warned of with other variables that nothing reads (config.ts)
takeWords(process.env.TAXON_LOG ?? '');

/** Whether lines of this level are shown. */
export function shows(level: Level): boolean {
  return levels[level] >= lowest;
}

/** Whether lines are JSON, for what writes to standard error beside the log. */
export function logsJson(): boolean {
  return asJson;
}

/** Calls `listener` with each warning and error from now on; the returned function ends that. */
export function hearTroubles(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** A longer line is cut. */
const longestLine = 10_000;

/** A fact as text: errors and names are words of servers and strangers. */
function clean(value: unknown): unknown {
  if (typeof value === 'string') return printable(hideSecrets(value), longestLine);
  if (Array.isArray(value)) return value.map(clean);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, clean(inner)]));
}

function jsonLine(level: Level, message: string, facts: Facts): string {
  return JSON.stringify({
    time: new Date().toISOString(),
    level,
    message: clean(message),
    ...(clean(facts) as Facts),
  });
}

function textLine(level: Level, message: string, facts: Facts): string {
  const pairs = Object.entries(facts)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const mark = level === 'info' ? '' : `${level}: `;
  return `${new Date().toISOString().slice(11, 23)} ${mark}${clean(`${message}${pairs.join('')}`)}`;
}

function write(level: Level, message: string, facts: Facts): void {
  if (level === 'warn' || level === 'error') for (const hear of listeners) hear(level, message, facts);
  if (!shows(level)) return;
  process.stderr.write(`${(asJson ? jsonLine : textLine)(level, message, facts)}\n`);
}

/** One line each; `facts` are printed as key=value behind the message, or as fields of the object. */
export const log = {
  debug: (message: string, facts: Facts = {}) => write('debug', message, facts),
  info: (message: string, facts: Facts = {}) => write('info', message, facts),
  warn: (message: string, facts: Facts = {}) => write('warn', message, facts),
  error: (message: string, facts: Facts = {}) => write('error', message, facts),
};
