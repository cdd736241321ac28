import { Command, Option } from 'commander';
import type { Config } from '../../config.ts';
import type { Database } from '../../database/connection/open.ts';
import {
  type EncoderProgress,
  encoderProgress,
  freeEncoder,
  removeEncoder,
} from '../../database/encoders.ts';
import { indexProgress, indexWork, makeIndex, ownsEmbeddings } from '../../database/neighbour-index.ts';
import { misuse, TaxonError } from '../../errors.ts';
import { progress } from '../../progress.ts';
import { withDatabase } from '../database.ts';
import { wholeNumber } from '../flags.ts';
import { print, table } from '../output.ts';

interface Flags {
  remove?: string;
  index?: boolean;
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
  if (encoder === undefined)
    throw misuse(`there is no encoder ${encoderId}`, 'taxon model encoders lists them.');
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

/** Makes the indexes of neighbours that are due, as a sidecar does whose login may; a sidecar compares them afterwards. */
async function index(db: Database, config: Config): Promise<number[]> {
  const due = (await indexWork(db)).filter(({ task }) => task === 'build');
  if (due.length > 0 && !(await ownsEmbeddings(db)))
    throw new TaxonError('only the owner of the tables can make an index', {
      hint: 'Give an address by which you are the owner: DATABASE_URL=postgres://… taxon model encoders --index',
    });
  const made: number[] = [];
  for (const { encoder_id } of due) {
    const bar = progress(`index of encoder ${encoder_id}`, 100, '%');
    const watch = setInterval(() => {
      indexProgress(db, encoder_id).then(
        (at) => at?.secondsLeft != null && bar.at(Math.round(100 * (at.share ?? 0))),
        () => {},
      );
    }, 1000);
    try {
      if (await makeIndex(config.directDatabaseUrl ?? db.url, db.schema, encoder_id)) made.push(encoder_id);
    } finally {
      clearInterval(watch);
      bar.end();
    }
  }
  return made;
}

export function encodersCommand(): Command {
  return new Command('encoders')
    .summary('how far memory is encoded, and what it takes')
    .description(
      'The encoders that were used here: how far memory is encoded with each, what it takes; removal.',
    )
    .addOption(
      new Option('--remove <id>', 'remove the embeddings of an encoder that no model in use reads').conflicts(
        'index',
      ),
    )
    .option('--index', 'make the indexes of neighbours that are due, as the owner of the tables')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  taxon model encoders
  psql -c "select taxon.set_setting('fill_embeddings', 'false')"
                               a pause of the encoding in the background
  taxon model encoders --remove 1
  taxon model encoders --index   where sidecars may not act as the owner

How one encoder follows another without a stop: docs/guide/encoders.md.`,
    )
    .action(async ({ remove: wanted, index: makes, json = false }: Flags) => {
      if (wanted !== undefined) {
        const id = wholeNumber('--remove', wanted);
        const done = await withDatabase((db) => remove(db, id));
        const said = `${done.removed} embeddings of encoder ${id} removed: ${megabytes(done.bytes)} are free to be used again`;
        return print(json, { encoder_id: id, ...done }, said);
      }
      if (makes) {
        const made = await withDatabase(index);
        const said =
          made.length === 0 ? 'no index was to be made' : 'made; a sidecar compares it before it is used';
        return print(json, { made }, said);
      }
      const encoders = await withDatabase(encoderProgress);
      print(json, { encoders }, text(encoders));
    });
}
