import { createHash } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { basename, isAbsolute, join, resolve } from 'node:path';
import type { Config } from '../config.ts';
import { TaxonError } from '../errors.ts';
import type { EncoderSource } from './encode-worker.ts';

export type EncoderConfig = Pick<
  Config,
  | 'encoder'
  | 'encoderRevision'
  | 'encoderDtype'
  | 'encoderPrefix'
  | 'encoderThreads'
  | 'encoderBatch'
  | 'encoderDevice'
  | 'hub'
  | 'dataDir'
>;

/** transformers.js's file name for each dtype, inside the folder onnx/. */
const onnxFile = {
  fp32: 'model.onnx',
  fp16: 'model_fp16.onnx',
  q8: 'model_quantized.onnx',
  int8: 'model_int8.onnx',
  uint8: 'model_uint8.onnx',
  q4: 'model_q4.onnx',
} as const;

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function checkFiles(folder: string, weights: string): void {
  const missing = ['config.json', 'tokenizer.json', 'tokenizer_config.json', join('onnx', weights)].filter(
    (file) => !existsSync(join(folder, file)),
  );
  if (missing.length > 0)
    throw new TaxonError(`the encoder in ${folder} lacks ${missing.join(', ')}`, {
      hint: `It must be a transformers.js folder; TAXON_ENCODER_DTYPE chooses which file of onnx/ is read (now ${weights}).`,
    });
}

/**
 * Finds what `config.encoder` names: a folder (absolute, or relative to the current one), else a hub id.
 *
 * The identity is `model@revision dtype=… prefix="…" pooling=mean`, one line. For a folder the model is its base
 * name and the revision the first 12 hex digits of the sha256 of its ONNX file, so that other weights in a folder of
 * the same name are another encoder; for the hub they are the id and `encoderRevision` (pin a commit: `main` moves).
 * What runs on other than the processor ends with ` device=…`.
 *
 * @throws TaxonError when there is no such folder, a file is missing in it, or it is a hub id and the hub is off
 */
export async function findEncoder(
  config: EncoderConfig,
): Promise<{ source: EncoderSource; identity: string }> {
  const common = {
    dtype: config.encoderDtype,
    prefix: config.encoderPrefix,
    revision: config.encoderRevision,
    device: config.encoderDevice,
  };
  // other hardware rounds otherwise: its embeddings are not mixed with the processor's
  const device = config.encoderDevice === 'cpu' ? '' : ` device=${config.encoderDevice}`;
  const tail = `dtype=${config.encoderDtype} prefix=${JSON.stringify(config.encoderPrefix)} pooling=mean${device}`;
  const folder = resolve(config.encoder);
  if (isFolder(folder)) {
    const weights = onnxFile[config.encoderDtype];
    checkFiles(folder, weights);
    const revision = (await sha256(join(folder, 'onnx', weights))).slice(0, 12);
    return {
      source: { ...common, model: folder, hubCache: null },
      identity: `${basename(folder)}@${revision} ${tail}`,
    };
  }
  const isHubId = !isAbsolute(config.encoder) && /^[\w.-]+\/[\w.-]+$/.test(config.encoder);
  if (!isHubId || !config.hub)
    throw new TaxonError(`no encoder in the folder ${folder}`, {
      hint: isHubId
        ? `If ${config.encoder} is a hub id, set TAXON_HUB=true to download it once.`
        : 'Set TAXON_ENCODER to a transformers.js folder, or to a hub id together with TAXON_HUB=true.',
    });
  return {
    source: { ...common, model: config.encoder, hubCache: join(config.dataDir, 'encoders') },
    identity: `${config.encoder}@${config.encoderRevision} ${tail}`,
  };
}
