import { TaxonError } from '../../errors.ts';

/** Ends the process's work when it takes more memory than the setting allows. */
export function watchMemory(most: number): { signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const timer = setInterval(() => {
    const used = process.memoryUsage.rss() / 1e6;
    if (used > most)
      controller.abort(
        new TaxonError(`the retraining takes ${Math.round(used)} MB, ${most} are allowed`, {
          hint: 'Raise TAXON_RETRAIN_MEMORY_MB, or retrain on another machine: taxon train --gated.',
        }),
      );
  }, 500);
  timer.unref();
  return { signal: controller.signal, stop: () => clearInterval(timer) };
}
