import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { writeError } from '../atomic-file.ts';
import { misuse, TaxonError } from '../errors.ts';
import type { ModelFiles } from '../model/types.ts';
import { plainObject, saysOf, unquoted } from '../shapes.ts';

/** Beside the model's own files: what its category ids are called. */
const namesFile = 'categories.json';

const categories = v.pipe(
  plainObject,
  v.record(
    v.pipe(v.string(), v.regex(/^[1-9]\d*$/)),
    v.pipe(v.array(v.pipe(v.string(), v.minLength(1))), v.minLength(1)),
  ),
);

/** A model outside a database, and the path of names of each of its category ids. */
export interface FolderModel {
  files: ModelFiles;
  categories: Map<number, string[]>;
}

/** Refuses a folder that holds something: a model is written whole or not at all, and over nothing. */
export function checkNewFolder(folder: string): void {
  if (!existsSync(folder)) return;
  if (!statSync(folder).isDirectory()) throw misuse(`${folder} is not a folder`);
  if (readdirSync(folder).length > 0)
    throw misuse(`the folder ${folder} is not empty`, 'Name a new one, or remove what is in it.');
}

/**
 * Writes a model into a new folder, whole or not at all.
 *
 * @throws TaxonError when the folder holds something already or cannot be written
 */
export function writeModelFolder(folder: string, { files, categories: names }: FolderModel): void {
  checkNewFolder(folder);
  const temporary = `${folder.replace(/\/+$/, '')}.${process.pid}.part`;
  try {
    mkdirSync(temporary, { recursive: true });
    for (const [name, content] of files) writeFileSync(join(temporary, name), content, { flush: true });
    writeFileSync(join(temporary, namesFile), JSON.stringify(Object.fromEntries(names)), { flush: true });
    renameSync(temporary, folder);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw writeError(folder, error);
  }
}

/** @throws TaxonError when it is no folder of a model, or its names are damaged */
export function readModelFolder(folder: string): FolderModel {
  const hint = 'Make one: taxon train --from labels.parquet --out FOLDER';
  if (!existsSync(join(folder, namesFile)) || !existsSync(join(folder, 'manifest.json')))
    throw new TaxonError(`${folder} is not the folder of a model`, { hint, exitCode: 2 });
  const files: ModelFiles = new Map();
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isFile() && entry.name !== namesFile)
      files.set(entry.name, readFileSync(join(folder, entry.name)));
  try {
    const read: unknown = JSON.parse(readFileSync(join(folder, namesFile), 'utf8'));
    const names = v.parse(categories, read, { message: unquoted });
    return { files, categories: new Map(Object.entries(names).map(([id, path]) => [Number(id), path])) };
  } catch (error) {
    throw new TaxonError(`${join(folder, namesFile)} is damaged: ${saysOf(error)}`, { hint, cause: error });
  }
}
