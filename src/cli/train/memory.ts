import type { TrainedByHand } from '../../autopilot/by-hand.ts';
import { misuse } from '../../errors.ts';
import type { FirstModel } from '../../train/first.ts';
import { withDatabase } from '../database.ts';
import { print } from '../output.ts';
import { factsText } from './facts.ts';
import type { Flags, Training } from './flags.ts';
import { agreement, cleaningText, firstText } from './text.ts';

/** `taxon train --dry-run`: what would be used. */
export async function look(flags: Flags, options: Training): Promise<void> {
  const { dryRun } = await import('../../train/data/facts.ts');
  const facts = await withDatabase((db, config) => dryRun(db, config, options));
  print(flags.json === true, facts, factsText(facts));
}

/** What came of it: the last line says what won, and why. */
function outcome({ model_id, gate }: TrainedByHand): string {
  const { promoted, passed, before, reasons } = gate;
  const why = reasons.join('; ');
  if (before === null) return `model ${model_id} is the champion: ${why}`;
  if (passed)
    return `model ${model_id} won, it is the champion; on the names that both were asked, beside model ${before}: ${why}`;
  return promoted
    ? `model ${model_id} is the champion by --promote, although model ${before} won: ${why}`
    : `model ${before} won, it stays the champion; model ${model_id} is kept: ${why}; all the same: taxon model promote ${model_id} --force "reason"`;
}

/** `taxon train --wait first`: the first model alone; the full one is a sidecar's work then. */
export async function firstOnly(flags: Flags, options: Training): Promise<void> {
  const { trainFirst } = await import('../../train/run.ts');
  const { champion } = await import('../../database/registry.ts');
  const { requestRetrain } = await import('../../database/autopilot.ts');
  const first = await withDatabase(async (db, config) => {
    const before = await champion(db);
    if (before !== null)
      throw misuse(
        `there is no first model to wait for: model ${before.modelId} answers`,
        'Leave out --wait.',
      );
    const { epochs: _, ...asked } = options;
    const made = await trainFirst(db, config, asked);
    await requestRetrain(db, 'the full model follows the first one');
    return made;
  });
  const follows = 'the full model is asked for: a sidecar makes it, or run taxon train --gated';
  const cleaned = first.cleaning === null ? [] : [cleaningText(first.cleaning)];
  print(flags.json === true, first, [firstText(first), ...cleaned, follows].join('\n'));
}

/** `taxon train`: from memory, and the gate judges. */
export async function fromMemory(flags: Flags, options: Training): Promise<void> {
  const { trainByHand } = await import('../../autopilot/by-hand.ts');
  const onFirst = (first: FirstModel) => {
    const out = flags.json === true ? process.stderr : process.stdout;
    out.write(`${firstText(first)}\n`);
  };
  const result = await withDatabase((db, config) =>
    trainByHand(db, config, options, flags.promote ?? null, onFirst),
  );
  const lines = [
    ...(result.cleaning === null ? [] : [cleaningText(result.cleaning)]),
    `model ${result.model_id}: ${result.labels} labels, ${result.encoded} newly encoded, ${result.seconds} s`,
    agreement(result.report),
    outcome(result),
  ];
  print(flags.json === true, result, lines.join('\n'));
}
