import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { makeProgram } from '../../src/cli/program.ts';
import {
  type ConfigKey,
  environmentName,
  loadConfig,
  otherVariables,
  packageRoot,
  schema,
} from '../../src/config.ts';

/** A setting's own schema without its default, and what it goes through from the first step to the last. */
type Step = Partial<Record<'type' | 'requirement' | 'options' | 'wrapped', unknown>> & { pipe?: Step[] };

/** What is written above each setting in src/config.ts. */
function comments(): Map<string, string> {
  const source = readFileSync(join(packageRoot, 'src', 'config.ts'), 'utf8');
  const found = source.matchAll(/^ {2}(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n {2})?(\w+): (?=[a-z])/gm);
  const plain = (comment: string) =>
    comment
      .replaceAll(/^ *\* ?/gm, '')
      .replaceAll(/\s+/g, ' ')
      .trim();
  return new Map(Array.from(found, ([, comment = '', key = '']) => [key, plain(comment)]));
}

/** The flags that give a setting: of the program, and of the commands that serve metrics. Those of other commands are their own. */
function flags(): Map<string, string> {
  const of = (command: Command): [string, string][] => [
    ...command.options.map((option): [string, string] => [
      option.attributeName(),
      option.long ?? option.flags,
    ]),
    ...command.commands.flatMap(of),
  ];
  return new Map(of(makeProgram()).filter(([key]) => key in schema.entries && !key.startsWith('llm')));
}

function allowed(setting: Step): string {
  const inner = setting.wrapped as Step;
  const steps = inner.pipe ?? [inner];
  const step = (type: string) => steps.find((each) => each.type === type);
  const words = step('picklist')?.options as string[] | undefined;
  if (words !== undefined) return words.map((word) => `\`${word}\``).join(', ');
  if (step('boolean')) return '`true`, `false`';
  if (step('min_value')) return `${step('min_value')?.requirement} to ${step('max_value')?.requirement}`;
  return step('array') ? 'JSON' : 'text';
}

function shownDefault(value: unknown): string {
  if (value === undefined) return 'none';
  if (value === '' || (Array.isArray(value) && value.length === 0)) return 'empty';
  const text = String(value);
  // where the package lies is each machine's own
  return text.startsWith(packageRoot)
    ? `\`${text.slice(packageRoot.length + 1)}\` of the package`
    : `\`${text}\``;
}

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** docs/reference/configuration.md, made from the schema of src/config.ts and what is written above each of its settings. */
export function configurationPage(): string {
  // what a process has that is given nothing; the folder of data is made absolute there
  const defaults = { ...loadConfig({}, {}, '/nonexistent'), dataDir: '.taxon' };
  const said = comments();
  const flag = flags();
  const rows = Object.entries(schema.entries).map(([key, setting]) => {
    const names = [
      `\`${key}\``,
      `\`${environmentName(key)}\``,
      ...(flag.has(key) ? [`\`${flag.get(key)}\``] : []),
    ];
    return `| ${names.join('<br>')} | ${cell(shownDefault(defaults[key as ConfigKey]))} | ${cell(allowed(setting))} | ${cell(said.get(key) ?? '')} |`;
  });
  const others = Object.entries(otherVariables).map(
    ([name, meaning]) => `| \`${name}\` | ${cell(meaning)} |`,
  );
  return `# Configuration of a process

Made from \`src/config.ts\` by \`npm run reference\`.

A setting comes from a flag, else from its variable, else from \`taxon.config.json\` in the current folder, else it is the default.
In the file it has the first of its names. A variable that nothing reads is named in a warning. What several processes must agree on,
thresholds above all, lives in the database: [settings of the database](ground.md#settings).

| setting | default | allowed | |
|---|---|---|---|
${rows.join('\n')}

## Other variables

| variable | |
|---|---|
${others.join('\n')}

\`PGSSLMODE\`, \`PGHOST\` and the other variables of libpq are read as well, by every connection.
`;
}
