import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command as Commander, CommanderError } from 'commander';
import { expect, test } from 'vitest';
import { makeProgram } from '../../src/cli/program.ts';
import { loadConfig, packageRoot, unknownVariables } from '../../src/config.ts';
import { codeOf, commandsIn, commandsOf, pages } from '../support/pages.ts';

/** The program and all commands below it. */
const below = (command: Commander): Commander[] => [command, ...command.commands.flatMap(below)];

/** What the command line says against some words; null where it would do what they say. Nothing is done. */
function refusal(words: readonly string[]): CommanderError | null {
  const program = makeProgram();
  for (const command of below(program)) {
    command.configureOutput({ writeOut: () => {}, writeErr: () => {} });
    // a group prints its help, but for this one, which also does something
    if (command.commands.length === 0 || command.name() === 'dashboard') command.action(() => {});
  }
  try {
    program.parse(words, { from: 'user' });
    return null;
  } catch (error) {
    if (error instanceof CommanderError) return error;
    throw error;
  }
}

/** In a sentence a command is named without what must follow it. */
const onlyNamed = /^commander\.(?:missingArgument|optionMissingArgument|missingMandatoryOptionValue|help)$/;

const spans = pages.flatMap((page) => codeOf(page).spans);
const typed = pages.flatMap(commandsOf);

test('an unknown command, an unknown option, a bad value and a missing word are refused', () => {
  for (const words of [['trian'], ['status', '--wacth'], ['completion', 'tcsh'], ['forget']])
    expect(refusal(words)).not.toBeNull();
  expect(refusal(['status', '--watch'])).toBeNull();
});

test('each `taxon …` is a command, with options that it has', () => {
  const lines = typed.filter(({ words }) => /^(?:bin\/)?taxon$/.test(words[0] ?? ''));
  const named = spans.filter(({ text }) => /^(?:taxon|model|llm|db) [a-z-]/.test(text)).flatMap(commandsIn);
  expect(Math.min(lines.length, named.length)).toBeGreaterThan(20);
  const errors = [
    ...lines.map(({ at, words }) => ({ at, words, error: refusal(words.slice(1)) })),
    ...named
      .map(({ at, words }) => ({ at, words, error: refusal(words[0] === 'taxon' ? words.slice(1) : words) }))
      .filter(({ error }) => !onlyNamed.test(error?.code ?? '')),
  ].filter(({ error }) => error !== null && error.code !== 'commander.helpDisplayed');
  expect(errors.map(({ at, words, error }) => `${at} ${words.join(' ')}: ${error?.message}`)).toEqual([]);
});

test('each option that a sentence names alone is one of a command', () => {
  const options = below(makeProgram()).flatMap((command) => command.options.map(({ long }) => long));
  const named = spans.filter(({ text }) => /^--[a-z]/.test(text));
  expect(named.filter(({ text }) => ![...options, '--help'].includes(text.split(' ')[0]))).toEqual([]);
});

test('docs/guide/start.md lists every command, and the commands of each group', () => {
  const listed = codeOf('docs/guide/start.md').spans.map(({ text }) => text);
  const firstWords = listed.map((text) => text.split(' ').slice(0, 2).join(' '));
  for (const { commands, ...command } of makeProgram().commands.map((c) => ({
    name: c.name(),
    commands: c.commands,
  }))) {
    expect(firstWords).toContain(`taxon ${command.name}`);
    for (const one of commands) expect(listed).toContain(one.name());
  }
});

test('each npm script and each path of this project is there', () => {
  const { scripts } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const folder = /^(?:bench|bin|docs|examples|migrations|models|scripts|sql|src|test)\/\S*$/;
  const missing = [...typed, ...spans.flatMap(commandsIn)].flatMap(({ at, words }) => {
    const [program, first = '', second = ''] = words;
    // npm's own commands are no scripts
    const own = program !== 'npm' || ['ci', 'install', 'pack'].includes(first);
    const script = own ? undefined : first === 'run' ? second : first;
    return [
      ...(script === undefined || script in scripts ? [] : [`${at}: npm ${script}`]),
      ...words
        .filter((word) => folder.test(word) && !existsSync(join(packageRoot, word)))
        .map((word) => `${at}: ${word}`),
    ];
  });
  expect(missing).toEqual([]);
});

/** Keys and addresses to which other programs gave their names. */
const notOurs =
  /^(?:PATH|DATABASE_URL|NEW_DATABASE_URL|PG[A-Z]+|OPENAI_API_KEY(?:_FILE)?|ANTHROPIC_API_KEY|ONNXRUNTIME_NODE_INSTALL)$/;

test('each variable is read, and the value that it is given is allowed', () => {
  const given = typed.flatMap(({ at, variables }) => variables.map(([name, value]) => ({ at, name, value })));
  const named = spans.flatMap(({ at, text }) => {
    const [, name, value = ''] = /^([A-Z]+_[A-Z_]+)(?:=(.*))?$/.exec(text) ?? [];
    return name === undefined ? [] : [{ at, name, value }];
  });
  expect(Math.min(given.length, named.length)).toBeGreaterThan(10);
  const wrong = [...given, ...named].flatMap(({ at, name, value }) => {
    if (notOurs.test(name)) return [];
    if (!name.startsWith('TAXON_')) return [`${at}: nothing reads ${name}`];
    const unknown = unknownVariables({ [name]: value });
    // an ellipsis stands for an address or a key of one's own
    if (unknown.length === 0 && value !== '…') loadConfig({}, { [name]: value }, '/nonexistent');
    return unknown.map((text) => `${at}: ${text}`);
  });
  expect(wrong).toEqual([]);
});
