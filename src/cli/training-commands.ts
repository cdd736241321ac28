import { join } from 'node:path';
import type { TrainingCommands } from '../sidecar/jobs/autopilot.ts';

/** The command line that this process is a part of, as source or as built. */
const main = join(import.meta.dirname, import.meta.url.endsWith('.ts') ? 'main.ts' : 'main.js');

/** What a sidecar runs beside itself to train. */
export const trainingCommands: TrainingCommands = {
  retrain: [process.execPath, main, 'train', '--gated'],
  measure: (modelId) => [process.execPath, main, 'train', '--measure', String(modelId)],
};
