import type { Command } from 'commander';

/** A word that can be typed, and what it means. */
export interface Word {
  word: string;
  says: string;
}

/** An option of a command. */
interface Flag extends Word {
  /** Whether a value must follow it. */
  valued: boolean;
  /** All values there are; empty where it may be anything, a file's name above all. */
  values: readonly string[];
}

/** What can be typed after a command. */
export interface Place {
  /** The command: '' is taxon itself, 'model list' is two words. */
  at: string;
  /** The commands below it, or the values of its argument. */
  words: readonly Word[];
  /** Whether its words are commands, each with a place of its own. */
  isGroup: boolean;
  flags: readonly Flag[];
}

function flagsOf(command: Command): Flag[] {
  // visible: with --help, without what is hidden
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long, description, required, argChoices }) =>
      long == null ? [] : [{ word: long, says: description, valued: required, values: argChoices ?? [] }],
    );
}

/** All places of a command line, the program's own first. */
export function placesOf(command: Command, at = ''): Place[] {
  const below = command.commands.map((one) => ({
    word: one.name(),
    says: one.summary() || one.description(),
  }));
  const choices = command.registeredArguments.flatMap(({ argChoices = [] }) =>
    argChoices.map((word) => ({ word, says: '' })),
  );
  const isGroup = below.length > 0;
  return [
    { at, words: isGroup ? below : choices, isGroup, flags: flagsOf(command) },
    ...command.commands.flatMap((one) => placesOf(one, `${at} ${one.name()}`.trim())),
  ];
}

/** `at|word` of every command: typed there, it leads further down. */
export const downs = (places: readonly Place[]): string[] =>
  places
    .filter(({ isGroup }) => isGroup)
    .flatMap(({ at, words }) => words.map(({ word }) => `${at}|${word}`));

/** `at|--flag` of every option whose value may be anything: the next word is no command. */
export const valued = (places: readonly Place[]): string[] =>
  places.flatMap(({ at, flags }) =>
    flags.filter((flag) => flag.valued && flag.values.length === 0).map(({ word }) => `${at}|${word}`),
  );

/** `at|--flag` of every option whose values are known, with them. */
export const listed = (places: readonly Place[]): { key: string; values: readonly string[] }[] =>
  places.flatMap(({ at, flags }) =>
    flags
      .filter(({ values }) => values.length > 0)
      .map(({ word, values }) => ({ key: `${at}|${word}`, values })),
  );
