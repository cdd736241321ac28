import type { Database } from '../../database/connection/open.ts';
import { fillsEmbeddings } from '../../database/encoders.ts';
import { unencodedLabels } from '../../database/memory.ts';
import { saveEmbeddings } from '../../database/queue.ts';
import { registerEncoder, registeredEncoder } from '../../database/registry.ts';
import { log } from '../../log.ts';
import type { Encoders } from '../../model/encoders.ts';

/** Names between two looks whether to go on: a tenth of a second with the bundled encoder, so traffic hardly waits. */
const page = 64;

/** A run of the job ends after this long; the next begins with the next minute. */
const longest = 50_000;

/** Encodes labelled names that one encoder has not seen, until there are none, it is told to pause, or its time is over. */
async function fill(
  db: Database,
  encoders: Encoders,
  identity: string,
  until: number,
  signal: AbortSignal,
): Promise<number> {
  let id = await registeredEncoder(db, identity);
  let after: Buffer | null = null;
  let done = 0;
  while (!signal.aborted && Date.now() < until && (await fillsEmbeddings(db))) {
    // -1: an encoder that was never used here has seen nothing
    const names = await unencodedLabels(db, id ?? -1, after, page);
    const last = names.at(-1);
    const encoder = last && (await encoders.of(identity));
    if (!last || !encoder) break;
    id ??= await registerEncoder(db, identity, encoder.dimension);
    const keys = names.map((row) => row.name_key);
    await saveEmbeddings(db, id, keys, await encoder.encode(keys));
    after = last.name_hash;
    done += keys.length;
  }
  return done;
}

/**
 * Where several encoders are named, memory is encoded with each of them in the background, so that a model of the next one
 * may be trained, and one of the last may answer again, without a stop. Names that wait to be answered come first.
 */
export async function fillEmbeddings(db: Database, encoders: Encoders, signal: AbortSignal): Promise<number> {
  const identities = await encoders.identities();
  if (identities.length < 2) return 0;
  const until = Date.now() + longest;
  let filled = 0;
  for (const encoder of identities) {
    const names = await fill(db, encoders, encoder, until, signal);
    if (names > 0) log.info('memory encoded in the background', { names, encoder });
    filled += names;
  }
  return filled;
}
