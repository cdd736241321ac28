import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must } from '../../src/cluster/run.ts';
import { titlesFile } from '../accuracy/data.ts';

/** The real titles for benches that run whole programs. */
export interface Titles {
  /** A file as `taxon import` reads it: the training part with the noisy teacher's labels. */
  labels: string;
  /** Names of the test part, distinct. */
  arriving: string[];
}

/**
 * Writes the titles' labels into a folder, outside the project.
 *
 * @returns null, with a message, where the titles are not there
 */
export async function readTitles(folder: string): Promise<Titles | null> {
  if (!existsSync(titlesFile)) {
    console.error(`skipped: ${titlesFile} is not here`);
    return null;
  }
  const text = await must('xz', ['-dc', titlesFile]);
  const rows = text
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'));
  mkdirSync(folder, { recursive: true });
  const labels = join(folder, 'labels.tsv');
  const taught = rows
    .filter(([split]) => split === 'train')
    .map((row) => [row[2], row[6], row[7], row[8]].join('\t'));
  writeFileSync(labels, `${['name\tl1\tl2\tl3', ...taught].join('\n')}\n`);
  const arriving = [...new Set(rows.filter(([split]) => split === 'test').map((row) => row[2] as string))];
  return { labels, arriving };
}
