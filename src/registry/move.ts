import type { Config } from '../config.ts';
import type { Database } from '../database/connection/open.ts';
import { champion, modelFiles, modelOrigin, registerEncoder, storeModel } from '../database/registry.ts';
import { categoriesByPath, categoryPaths, treeLevels } from '../database/taxonomy.ts';
import { misuse, TaxonError } from '../errors.ts';
import { findEncoder } from '../model/encoder-source.ts';
import { tryApart } from '../model/trial-apart.ts';
import type { ModelFiles } from '../model/types.ts';
import { pathKey } from '../normalise.ts';
import { categoryIds, mapCategoryIds } from './category-ids.ts';
import { readModelFile, writeModelFile } from './model-file.ts';

/** Categories named in a refusal; the rest are counted. */
const listed = 5;

function manifestOf(files: ModelFiles): object {
  return JSON.parse(Buffer.from(files.get('manifest.json') ?? '{}').toString('utf8')) as object;
}

/**
 * Writes a model (default: the champion) into one file, from which another database can take it over: categories stand in
 * it by their names.
 *
 * @throws TaxonError when there is no such model
 */
export async function exportModel(
  db: Database,
  file: string,
  modelId?: number,
): Promise<{ model_id: number; file: string; bytes: number }> {
  const id = modelId ?? (await champion(db))?.modelId;
  if (id === undefined)
    throw new TaxonError('there is no champion to export', {
      hint: 'Train one: taxon train. Or name a model: --model ID, see taxon model list.',
    });
  const { encoder, ...facts } = await modelOrigin(db, id);
  const files = await modelFiles(db, id);
  const categories = await categoryPaths(db, [...categoryIds(manifestOf(files))]);
  const bytes = writeModelFile(file, {
    exported_at: new Date().toISOString(),
    model_id: id,
    encoder,
    tree_levels: await treeLevels(db),
    facts,
    categories: Object.fromEntries(categories),
    files,
  });
  return { model_id: id, file, bytes };
}

/** What the ids of the other database are here. */
async function idsHere(db: Database, categories: Record<string, string[]>): Promise<Map<number, number>> {
  const here = await categoriesByPath(db);
  const ids = new Map<number, number>();
  const missing: string[] = [];
  for (const [id, path] of Object.entries(categories)) {
    const found = here.get(pathKey(path));
    if (found === undefined) missing.push(path.join(' > '));
    else ids.set(Number(id), found);
  }
  if (missing.length > 0) {
    const more = missing.length > listed ? `, and ${missing.length - listed} more` : '';
    throw new TaxonError(
      `${missing.length} of the model's ${Object.keys(categories).length} categories are not in the taxonomy here, or retired: ${missing.slice(0, listed).join('; ')}${more}`,
      { hint: 'Import labels of these categories first, or train a model here: taxon train' },
    );
  }
  return ids;
}

/**
 * Takes a model over from a file of exportModel(), as a candidate or at once as the champion.
 *
 * @throws TaxonError when the file is damaged, or the model is for another encoder or another taxonomy than those here
 */
export async function importModel(
  db: Database,
  config: Config,
  file: string,
  promote: boolean,
): Promise<{ model_id: number; imported_from: number; promoted: boolean }> {
  const moved = await readModelFile(file);
  if (moved.encoder !== null) {
    const { identity } = await findEncoder(config);
    if (moved.encoder.identity !== identity)
      throw new TaxonError(
        `the model reads embeddings of "${moved.encoder.identity}", here names are encoded with "${identity}"`,
        { hint: 'Set TAXON_ENCODER to that encoder, or train a model here: taxon train' },
      );
  }
  const levels = await treeLevels(db);
  if (moved.tree_levels !== levels) {
    throw new TaxonError(
      `the model's l1, l2 and l3 are the depths ${moved.tree_levels}, here they are ${levels}`,
      {
        hint: 'select taxon.set_tree_levels(…) changes them, for every label and product; or train a model here.',
      },
    );
  }
  const ids = await idsHere(db, moved.categories);
  const manifest = mapCategoryIds(manifestOf(moved.files), (id) => {
    const here = ids.get(id);
    if (here === undefined) throw misuse(`${file} is damaged: it does not name its category ${id}`);
    return here;
  });
  const files = new Map(moved.files).set('manifest.json', Buffer.from(JSON.stringify(manifest)));
  // a model that does not answer is refused here, and not by every sidecar once it is promoted
  const { encoder, dimension } = await tryApart(files);
  if (encoder !== (moved.encoder?.identity ?? null) || dimension !== (moved.encoder?.dimension ?? 0))
    throw misuse(`${file} is damaged: its first line and its manifest name different encoders`);
  const encoderId = encoder === null ? null : await registerEncoder(db, encoder, dimension);
  const facts = {
    ...moved.facts,
    // an id of the other database
    metrics: moved.facts.metrics && { ...moved.facts.metrics, chosen_by: null },
    data: { ...moved.facts.data, imported_from: moved.model_id },
  };
  const modelId = await storeModel(db, { encoderId, runId: null, manifest, files, facts, promote });
  return { model_id: modelId, imported_from: moved.model_id, promoted: promote };
}
