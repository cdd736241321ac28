import { messageOf } from '../errors.ts';
import { loadClassifier } from './bundle.ts';
import { tryClassifier } from './trial.ts';
import type { TrialResult } from './trial-apart.ts';
import type { ModelFiles } from './types.ts';

/** One trial in a process of its own: files in, one result out. */
async function run(files: ModelFiles): Promise<TrialResult> {
  try {
    const classifier = await loadClassifier(files);
    await tryClassifier(classifier);
    return { encoder: classifier.encoder, dimension: classifier.dimension };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

process.once('message', (files: ModelFiles) => {
  void run(files).then((result) => process.send?.(result, () => process.exit(0)));
});
