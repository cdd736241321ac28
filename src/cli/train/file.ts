import { misuse } from '../../errors.ts';
import { cliConfig } from '../flags.ts';
import { print } from '../output.ts';
import type { Flags, Training } from './flags.ts';
import { agreement } from './text.ts';

/** `taxon train --from FILE --out FOLDER`: a model without a database. */
export async function fromFile(flags: Flags, options: Training): Promise<void> {
  const { from, out } = flags;
  if (from === undefined || out === undefined)
    throw misuse('--from and --out go together', 'E.g. taxon train --from labels.parquet --out model');
  const { readEmbedded } = await import('../../import/embeddings.ts');
  const { readRows } = await import('../../import/read.ts');
  const { trainFromFile } = await import('../../train/from-file.ts');
  const encoded = await readEmbedded(from);
  const file = { name: from, rows: encoded?.rows ?? readRows(from), encoded };
  const result = await trainFromFile(cliConfig(), file, out, options);
  print(
    flags.json === true,
    result,
    `a model of ${result.labels} labels is in ${out}: ${result.encoded} names encoded, ${result.seconds} s\n${agreement(result.report)}`,
  );
}
