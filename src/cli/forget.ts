import { Command } from 'commander';
import { type Forgotten, forgetName } from '../database/forget.ts';
import { withDatabase } from './database.ts';
import { print } from './output.ts';

interface Flags {
  blank?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

/** Counts lined up, then what is only said. */
function text(rows: readonly Forgotten[], dryRun: boolean): string {
  const line = ({ what, removed, detail }: Forgotten) =>
    `${(removed === null ? '' : String(removed)).padStart(6)}  ${what}${detail === null ? '' : `: ${detail}`}`;
  const counted = rows.filter(({ removed }) => removed !== null);
  const head =
    counted.length === 0
      ? 'No table has this name.'
      : dryRun
        ? 'Nothing is changed. forget would remove or blank:'
        : 'Removed or blanked:';
  const said = rows.filter(({ removed }) => removed === null);
  return [head, ...counted.map(line), 'What may still hold it:', ...said.map(line)].join('\n');
}

export function forgetCommand(): Command {
  return new Command('forget')
    .summary('take a name out of everything')
    .description('Forgets a name: out of products, memory, embeddings, queue, evidence, history, messages.')
    .argument('<name>', 'the name, however it is written: it is normalised')
    .option('--blank', 'products keep their rows, without name and answer')
    .option('--dry-run', 'say what would be removed, and change nothing')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  taxon forget 'Mug for Jane Doe' --dry-run
  taxon forget 'Mug for Jane Doe' --blank
  taxon forget 'Mug for Jane Doe' --json | jq '.rows[].what'

Models that were trained on it are marked; back-ups, replicas, providers and files are named, as nothing here can reach them.`,
    )
    .action(async (name: string, { blank = false, dryRun = false, json = false }: Flags) => {
      const rows = await withDatabase((db) => forgetName(db, name, { blank, dryRun }));
      print(json, { dry_run: dryRun, blank, rows }, text(rows, dryRun));
    });
}
