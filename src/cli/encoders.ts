import { Command } from 'commander';
import { type EncoderProgress, encoderProgress, freeEncoder, removeEncoder } from '../database/encoders.ts';
import type { Database } from '../database/open.ts';
import { misuse } from '../errors.ts';
import { progress } from '../progress.ts';
import { withDatabase } from './database.ts';
import { print, table } from './output.ts';
import { wholeNumber } from './train.ts';

interface Flags {
  remove?: string;
  json?: boolean;
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

function text(encoders: readonly EncoderProgress[]): string {
  if (encoders.length === 0) return 'No encoder was used here yet: taxon train';
  return table(
    encoders.map(({ encoder_id, identity, roles, labels, missing, bytes, models }) => ({
      encoder: encoder_id,
      identity,
      'read by': roles.join(', '),
      'labels encoded': labels,
      missing,
      size: megabytes(bytes),
      models: models.join(', '),
    })),
  );
}

/** Removes all embeddings of an encoder, a page at a time; interrupted it goes on with the next call. */
async function remove(db: Database, encoderId: number): Promise<{ removed: number; bytes: number }> {
  const encoder = (await encoderProgress(db)).find(({ encoder_id }) => encoder_id === encoderId);
  if (encoder === undefined) throw misuse(`there is no encoder ${encoderId}`, 'taxon encoders lists them.');
  const bar = progress('removing', encoder.embeddings, 'embeddings');
  let removed = 0;
  try {
    for (;;) {
      const gone = await removeEncoder(db, encoderId);
      if (gone === 0) break;
      removed += gone;
      bar.at(removed);
    }
  } finally {
    bar.end();
  }
  await freeEncoder(db, encoderId);
  return { removed, bytes: encoder.bytes };
}

export function encodersCommand(): Command {
  return new Command('encoders')
    .description(
      'The encoders that were used here: how far memory is encoded with each, what it takes; removal.',
    )
    .option('--remove <id>', 'remove the embeddings of an encoder that no model in use reads')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  taxon encoders
  psql -c "select taxon.set_setting('fill_embeddings', 'false')"     a pause of the encoding in the background
  taxon encoders --remove 1

How one encoder follows another without a stop: docs/encoders.md.`,
    )
    .action(async ({ remove: wanted, json = false }: Flags) => {
      if (wanted !== undefined) {
        const id = wholeNumber('--remove', wanted);
        const done = await withDatabase((db) => remove(db, id));
        const said = `${done.removed} embeddings of encoder ${id} removed: ${megabytes(done.bytes)} are free to be used again`;
        return print(json, { encoder_id: id, ...done }, said);
      }
      const encoders = await withDatabase(encoderProgress);
      print(json, { encoders }, text(encoders));
    });
}
