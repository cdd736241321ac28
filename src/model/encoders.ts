import type { Config } from '../config.ts';
import { TaxonError } from '../errors.ts';
import { type Encoder, openEncoder } from './encoder.ts';
import { type EncoderConfig, findEncoder } from './encoder-source.ts';
import type { Classifier } from './types.ts';

export type EncodersConfig = EncoderConfig & Pick<Config, 'encoderBeside'>;

/** The settings of each encoder that a process may use: the one that trains, then those beside it. */
function configs(config: EncodersConfig): EncoderConfig[] {
  return [config, ...config.encoderBeside.map((beside) => Object.assign({}, config, beside))];
}

/** Encoders of a process; each is opened when it is needed first, since it costs memory and a second, and stays open. */
export interface Encoders {
  /**
   * The encoder of this identity; null: none of the settings is it.
   *
   * @throws TaxonError when it cannot be opened, or the folder of one that may be it is not there
   */
  of(identity: string): Promise<Encoder | null>;
  /** Identities of all of them, the one that trains first. */
  identities(): Promise<string[]>;
  close(): Promise<void>;
}

/** Holds the encoders that the settings name: `encoder`, and those of `encoderBeside`. */
export function holdEncoders(config: EncodersConfig): Encoders {
  const found = new Map<EncoderConfig, Promise<string>>();
  const open = new Map<string, Promise<Encoder>>();
  const all = configs(config);

  /** Reads a folder's weights once for their digest; what failed is tried again. */
  async function identityOf(one: EncoderConfig): Promise<string> {
    const known = found.get(one) ?? findEncoder(one).then(({ identity }) => identity);
    found.set(one, known);
    known.catch(() => found.delete(one));
    return known;
  }
  return {
    async of(identity) {
      for (const one of all) {
        if ((await identityOf(one)) !== identity) continue;
        const opened = open.get(identity) ?? openEncoder(one);
        open.set(identity, opened);
        opened.catch(() => open.delete(identity));
        return opened;
      }
      return null;
    },
    async identities() {
      const identities: string[] = [];
      for (const one of all) identities.push(await identityOf(one));
      return [...new Set(identities)];
    },
    async close() {
      const opened = await Promise.allSettled(open.values());
      for (const each of opened) if (each.status === 'fulfilled') await each.value.close();
    },
  };
}

/** Says that a model reads embeddings of an encoder that is not here. `model`: as in "model 7". */
export async function otherEncoder(encoders: Encoders, model: string, wanted: string): Promise<TaxonError> {
  const own = (await encoders.identities()).map((identity) => `"${identity}"`).join(', ');
  return new TaxonError(`${model} reads embeddings of "${wanted}", not of ${own}`, {
    hint: 'Name the encoder that it was trained with in TAXON_ENCODER_BESIDE or TAXON_ENCODER, or train again.',
  });
}

/** @throws TaxonError when none of the encoders is the one that the model reads, or it is of letters alone and reads none */
export async function encoderFor(
  encoders: Encoders,
  model: string,
  { encoder: wanted }: Pick<Classifier, 'encoder'>,
): Promise<Encoder> {
  if (wanted === null) throw new TaxonError(`${model} is of letters alone, it reads no embedding`);
  const encoder = await encoders.of(wanted);
  if (encoder === null) throw await otherEncoder(encoders, model, wanted);
  return encoder;
}
