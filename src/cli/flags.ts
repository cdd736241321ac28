import type { Command } from 'commander';
import { type Config, type ConfigKey, loadConfig, unknownVariables } from '../config.ts';
import { misuse } from '../errors.ts';
import { log } from '../log.ts';

let flags: Partial<Record<ConfigKey, unknown>> = {};

/** Remembers the global flags (--database-url, --schema, --data-dir); main calls it before a command runs. */
export function setFlags(given: Partial<Record<ConfigKey, unknown>>): void {
  flags = given;
}

/** Misspelt variables are named once a process. */
let warned = false;

/** The configuration of this command line; `own`: flags of the command itself. */
export function cliConfig(own: Partial<Record<ConfigKey, unknown>> = {}): Config {
  if (!warned) for (const sentence of unknownVariables(process.env)) log.warn(sentence);
  warned = true;
  return loadConfig({ ...flags, ...own });
}

/** A whole number of at least `least` from a flag. */
export function wholeNumber(flag: string, text: string, least = 1): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least)
    throw misuse(`${flag} ${text}`, `Give a whole number from ${least}.`);
  return value;
}

/** The options that were written on the command line: their name in code → their flag. */
export function givenOptions(command: Command): Map<string, string> {
  const given = command.options.filter(
    (option) => command.getOptionValueSource(option.attributeName()) === 'cli',
  );
  return new Map(given.map((option) => [option.attributeName(), option.long ?? option.flags]));
}

/** Refuses options that only another one gives a meaning to, when that one is not there. */
export function needs(command: Command, options: readonly string[], other: string): void {
  const given = givenOptions(command);
  if (given.has(other)) return;
  const alone = options.find((option) => given.has(option));
  if (alone === undefined) return;
  const flag = command.options.find((option) => option.attributeName() === other)?.long;
  throw misuse(`${given.get(alone)} goes with ${flag}`, `Leave it out, or say ${flag} as well.`);
}
