import type { Database } from '../../database/connection/open.ts';
import { registeredDimension } from '../../database/registry.ts';
import { type Encoder, openEncoder } from '../../model/encoder.ts';
import { type EncoderConfig, findEncoder } from '../../model/encoder-source.ts';

/** What reads memory needs of an encoder. */
export type LateEncoder = Pick<Encoder, 'identity' | 'dimension' | 'encode' | 'close'>;

/**
 * The encoder of the settings for what reads memory. One that this database knows is opened when the first name needs it: that
 * takes 1.2 s, and where every label is encoded nothing needs it.
 *
 * @throws TaxonError as openEncoder, where it is opened at once
 */
export async function lateEncoder(db: Database, config: EncoderConfig): Promise<LateEncoder> {
  const { identity } = await findEncoder(config);
  const dimension = await registeredDimension(db, identity);
  if (dimension === null) return openEncoder(config);
  let opened: Promise<Encoder> | undefined;
  return {
    identity,
    dimension,
    async encode(names, options) {
      opened ??= openEncoder(config);
      return (await opened).encode(names, options);
    },
    async close() {
      await (await opened)?.close();
    },
  };
}
