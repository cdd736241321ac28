/**
 * Notices and progress, on standard error only: standard output belongs to a command's answer (`--json`).
 * Levels: debug, info, warn, error; `TAXON_LOG` chooses the lowest one shown (default info).
 */

import { printable } from './printable.ts';
import { hideSecrets } from './secrets.ts';

const levels = { debug: 10, info: 20, warn: 30, error: 40 } as const;
type Level = keyof typeof levels;

let lowest: number = levels[(process.env.TAXON_LOG ?? 'info') as Level] ?? levels.info;

/** Changes the lowest level shown, for `--quiet` and `--verbose`. */
export function setLogLevel(level: Level): void {
  lowest = levels[level];
}

/** A longer line is cut. */
const longestLine = 10_000;

function write(level: Level, message: string, facts: Record<string, unknown>): void {
  if (levels[level] < lowest) return;
  const pairs = Object.entries(facts)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const mark = level === 'info' ? '' : `${level}: `;
  // facts hold names and words of servers
  const line = printable(hideSecrets(`${message}${pairs.join('')}`), longestLine);
  process.stderr.write(`${new Date().toISOString().slice(11, 23)} ${mark}${line}\n`);
}

/** One line each; `facts` are printed as key=value behind the message. */
export const log = {
  debug: (message: string, facts: Record<string, unknown> = {}) => write('debug', message, facts),
  info: (message: string, facts: Record<string, unknown> = {}) => write('info', message, facts),
  warn: (message: string, facts: Record<string, unknown> = {}) => write('warn', message, facts),
  error: (message: string, facts: Record<string, unknown> = {}) => write('error', message, facts),
};
