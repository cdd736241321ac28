import type { CleaningReport } from '../../train/cleaning/clean.ts';
import type { FirstModel } from '../../train/first.ts';
import type { TrainingReport } from '../../train/fit.ts';

/** What a cleaning did or would do, a line a level. */
export function cleaningText({ labels, levels, proposed, applied }: CleaningReport): string {
  const percent = (value: number) => `${(value * 100).toFixed(1)} %`;
  const lines = Object.entries(levels).map(([level, row]) => {
    const { threshold, changed, share, capped, wrongBefore, wrongAfter } = row;
    const sure = threshold === null ? 'nothing is sure enough' : `from confidence ${threshold.toFixed(3)}`;
    const rest = capped === 0 ? '' : `, ${capped} more were left out by the caps`;
    const wrong = `wrong labels, estimated: ${percent(wrongBefore)}, then ${percent(wrongAfter)}`;
    return `  ${level}: ${changed} (${percent(share)}), ${sure}${rest}; ${wrong}`;
  });
  const done = applied === null ? `${proposed} would change` : `${applied.changed} changed`;
  return [`labels: ${done} of ${labels}`, ...lines].join('\n');
}

/** How often one of its voices met its own held-out labels, for people: what all of them meet together, the report says. */
export function agreement(report: TrainingReport): string {
  const levels = Object.entries(report.levels).map(
    ([level, r]) => `${level} ${(r.validAccuracy * 100).toFixed(1)} %`,
  );
  return `its heads alone (one voice of three), each level by itself, met the labels of its own ${report.names.valid} held-out names (the teacher's, not the truth; other models have others) in ${levels.join(', ')}; all voices together: taxon report`;
}

/** What the first model is, for people. */
export function firstText({ model_id, labels, seconds, report: { agreement: said } }: FirstModel): string {
  const percent = (value: number) => `${(value * 100).toFixed(1)} %`;
  const held =
    said === null
      ? ''
      : `; down to each level it met the labels of ${said.names} names that it has not seen in l1 ${percent(said.l1)}, l2 ${percent(said.l2)}, l3 ${percent(said.l3)}`;
  return `model ${model_id}, of letters alone, answers meanwhile: ${labels} labels, ${seconds} s${held}`;
}
