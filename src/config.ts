import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { beginningOf, databaseAddress, serverAddress } from './addresses.ts';
import { misuse } from './errors.ts';
import { unknownLogWord } from './log.ts';
import { nearest } from './nearest.ts';
import { hideKeysByLook, hideSecrets } from './secrets.ts';
import { plainObject } from './shapes.ts';

/** The folder that holds package.json, migrations/, sql/ and models/: one above src/ or dist/. */
export const packageRoot = join(dirname(fileURLToPath(import.meta.url)), '..');

/** The version of this package. */
export const version = (
  JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }
).version;

// each with words of its own: valibot's quote what was given, where a key may stand
const text = v.string('must be a text');
const someText = v.pipe(text, v.nonEmpty('must not be empty'));
const oneOf = <const T extends readonly string[]>(...words: T) =>
  v.picklist(words, `must be one of ${words.join(', ')}`);
const flag = v.pipe(
  v.unknown(),
  v.transform((value) =>
    value === 'true' || value === '1' ? true : value === 'false' || value === '0' ? false : value,
  ),
  v.boolean('must be true or false'),
);
function count(lowest: number, highest: number) {
  const says = `must be a whole number, ${lowest} to ${highest}`;
  return v.pipe(
    v.unknown(),
    v.toNumber(says),
    v.safeInteger(says),
    v.minValue(lowest, says),
    v.maxValue(highest, says),
  );
}

const ofOne = 'must be a number, 0 to 1';
const share = v.pipe(v.unknown(), v.toNumber(ofOne), v.minValue(0, ofOne), v.maxValue(1, ofOne));
const dtype = oneOf('fp32', 'fp16', 'q8', 'int8', 'uint8', 'q4');
const fromJson = (value: unknown): unknown => {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
};

/** What has no words of its own above: objects. */
const ofObject = ({ expected, input }: v.BaseIssue<unknown>) =>
  expected === 'never' ? `there is no setting ${input}` : 'is not valid';

/**
 * Every setting of a process, with its default. What several processes must agree on (thresholds, similarity, guard)
 * lives in the database's table `settings` instead.
 */
export const schema = v.strictObject({
  /** The database; without one, a private cluster in `dataDir`. May be a transaction pooler. Also DATABASE_URL. */
  databaseUrl: v.optional(databaseAddress),
  /** Behind a pooler: the address past it, for LISTEN and migrations. Without it a sidecar polls. */
  directDatabaseUrl: v.optional(databaseAddress),
  /** How long changes of the schema (migrate) are tried while other transactions are in the way. */
  lockWaitSeconds: v.optional(count(0, 86_400), 120),
  /** Holds what people type and read, and `<schema>_internal` the rest; also the name of the NOTIFY channel. */
  schema: v.optional(
    v.pipe(
      text,
      v.regex(/^[a-z_][a-z0-9_]{0,53}$/, 'must be a plain lower-case identifier of at most 54 characters'),
      v.regex(/(?<!_internal)$/, 'must not end in _internal: that is the schema beside it'),
    ),
    'taxon',
  ),
  /** The private cluster and what had to be built for it. */
  dataDir: v.optional(someText, '.taxon'),
  /**
   * Whose PostgreSQL the private cluster is made by, where no address is given: this machine's, PyPI's wheel (no root, no
   * compiler; not for production), or docker compose. `auto`: the machine's where its pgvector is 0.8.4 or newer, else the
   * wheel, else the machine's with pgvector built, else docker.
   */
  postgres: v.optional(oneOf('auto', 'machine', 'wheel', 'docker'), 'auto'),
  /** A folder, or with `hub` an id on the model hub. Embeddings belong to one encoder. */
  encoder: v.optional(someText, join(packageRoot, 'models', 'multilingual-e5-small-latcyr')),
  /** Branch, tag or commit on the hub. */
  encoderRevision: v.optional(someText, 'main'),
  /** Which of the encoder's ONNX files. */
  encoderDtype: v.optional(dtype, 'q8'),
  /** Stands before each name: what the e5 models were trained with. */
  encoderPrefix: v.optional(text, 'passage: '),
  /**
   * Encoders beside it, as JSON: what is not given is as above. Models that read them may answer, so that one encoder follows
   * another without a stop; new models are trained on the one above.
   */
  encoderBeside: v.optional(
    v.pipe(
      v.unknown(),
      v.transform(fromJson),
      v.array(
        v.pipe(
          plainObject,
          v.strictObject({
            encoder: v.optional(someText),
            encoderRevision: v.optional(someText),
            encoderDtype: v.optional(dtype),
            encoderPrefix: v.optional(text),
          }),
        ),
        'must be a list, as JSON',
      ),
    ),
    [],
  ),
  /** Worker threads of each; default: one a core. */
  encoderThreads: v.optional(count(1, 64)),
  /** What onnxruntime runs encoders on; all but cpu is untested (docs/measured/encode.md). */
  encoderDevice: v.optional(oneOf('cpu', 'coreml', 'cuda', 'dml', 'webgpu'), 'cpu'),
  /** Names encoded at once in a thread, at most: fewer where they are long. */
  encoderBatch: v.optional(count(1, 256), 16),
  /** Whether encoders may be downloaded. */
  hub: v.optional(flag, false),
  /** Connections of a process, beside one for each concurrent LLM call. */
  poolSize: v.optional(count(1, 100), 6),
  /** Names that a sidecar claims at once for the local layers. */
  claimBatch: v.optional(count(1, 5000), 1000),
  /** How long an idle sidecar sleeps when no notification comes. */
  pollMs: v.optional(count(50, 600_000), 1500),
  /** After this time the names of a dead sidecar are free again. */
  leaseSeconds: v.optional(count(1, 3600), 60),
  /** How long SIGTERM may take. */
  shutdownSeconds: v.optional(count(1, 600), 10),
  /** Where a sidecar serves /metrics, /healthz and /livez; without it, nowhere. 0: a port that is free, which it says. */
  metricsPort: v.optional(count(0, 65_535)),
  /** The address that this port is opened on; 0.0.0.0 is all. Nobody is asked who he is there. */
  metricsHost: v.optional(someText, '127.0.0.1'),
  /** Paid calls are made only under the name that the database has adopted, so that a restored copy spends nothing. */
  deployment: v.optional(someText, 'default'),
  /** `auto`: by whose key is in the environment. */
  llmProvider: v.optional(oneOf('auto', 'none', 'openai', 'anthropic'), 'auto'),
  /** The model to ask; each provider has a default, a server of your own has none. */
  llmModel: v.optional(someText),
  /** Any server that speaks the OpenAI protocol. */
  llmBaseUrl: v.optional(serverAddress),
  /** `openai:MODEL` or `anthropic:MODEL`: asked where the provider above cannot answer, or does not. */
  llmFallback: v.optional(
    v.pipe(text, v.regex(/^(openai|anthropic):./, 'must be openai:MODEL or anthropic:MODEL')),
  ),
  /** The server of the fallback, where it is one of your own. */
  llmFallbackBaseUrl: v.optional(serverAddress),
  /** Answers less sure than this are asked again of the fallback, if there is one. */
  llmEscalateBelow: v.optional(share, 0.5),
  /** Names in one call at most. */
  llmBatch: v.optional(count(1, 100), 20),
  /** Calls at once of one sidecar. */
  llmConcurrency: v.optional(count(1, 64), 4),
  /** A call that takes longer counts as lost. */
  llmTimeoutSeconds: v.optional(count(1, 3600), 60),
  /** The pause after a call that failed; each failure in a row doubles it, up to half a minute. */
  llmPauseMs: v.optional(count(10, 30_000), 500),
  /** How long a name waits for others to fill its batch; up to five times as long while others come. */
  llmWaitMs: v.optional(count(0, 60_000), 1000),
  /** Whether this sidecar trains, in a process of its own, when the autopilot asks for it. */
  retrain: v.optional(flag, true),
  /** Where the page listens: elsewhere than on this machine it takes tokens (taxon dashboard token add). */
  dashboardHost: v.optional(someText, '127.0.0.1'),
  /** 0: any that is free. */
  dashboardPort: v.optional(count(0, 65_535), 7878),
  /** Where people reach the page through a proxy, such as https://taxon.shop.example; only tokens open it then. */
  dashboardUrl: v.optional(serverAddress),
  /** A retraining that takes more memory than this ends itself. */
  retrainMemoryMb: v.optional(count(256, 1_000_000), 4096),
});

/** The validated settings. */
export type Config = v.InferOutput<typeof schema>;
export type ConfigKey = keyof Config;

/** `encoderDtype` → `TAXON_ENCODER_DTYPE`. */
export function environmentName(key: string): string {
  return `TAXON_${key.replace(/[A-Z]/g, (c) => `_${c}`).toUpperCase()}`;
}

/** Variables that are no setting of this file: taxon.config.json holds no key, and the log begins before it is read. */
export const otherVariables = {
  DATABASE_URL: 'The same as TAXON_DATABASE_URL, which comes before it.',
  TAXON_LOG:
    'What is logged, and how: debug, info, warn or error as the lowest level, text or json as the form; with a comma between, as in json,warn. Also --log.',
  OPENAI_API_KEY:
    'The key of OpenAI, or of a server that speaks its protocol. OPENAI_API_KEY_FILE names a file that holds it.',
  ANTHROPIC_API_KEY: 'The key of Anthropic. ANTHROPIC_API_KEY_FILE names a file that holds it.',
  TAXON_LLM_FALLBACK_API_KEY:
    "The key of the fallback, where it is another than the first one's. TAXON_LLM_FALLBACK_API_KEY_FILE names a file that holds it.",
  TAXON_BENCH_PYTHON: 'For benches: the Python of the peers.',
  TAXON_BENCH_TITLES: 'For benches: the file of real titles.',
};

/** A sentence for each `TAXON_*` variable that nothing reads, and for a word of TAXON_LOG: what is misspelt is silently the default. */
export function unknownVariables(environment: NodeJS.ProcessEnv): string[] {
  const known = [
    ...Object.keys(schema.entries).map(environmentName),
    ...Object.keys(otherVariables),
    'TAXON_LLM_FALLBACK_API_KEY_FILE',
  ];
  const word = environment.TAXON_LOG && unknownLogWord(environment.TAXON_LOG);
  return [
    ...(word ? [`TAXON_LOG: there is no "${word}"`] : []),
    ...Object.keys(environment)
      .filter((name) => name.startsWith('TAXON_') && !known.includes(name))
      .map((name) => {
        const meant = nearest(name, known);
        return `nothing reads ${name}${meant === undefined ? '' : `; is ${meant} meant?`}`;
      }),
  ];
}

/** Values that may hold a password or a key by mistake; of an unknown setting nobody knows what it holds. */
const unshown: readonly ConfigKey[] = [
  'databaseUrl',
  'directDatabaseUrl',
  'llmBaseUrl',
  'llmFallback',
  'llmFallbackBaseUrl',
];

function shown(key: string, value: unknown): string {
  if (!(key in schema.entries) || unshown.includes(key as ConfigKey)) return beginningOf(value);
  return hideKeysByLook(hideSecrets(JSON.stringify(value)));
}

/** The settings as variables of the environment, for a process that is to have the same. */
export function environmentOf(config: Config): Record<string, string> {
  const set = Object.entries(config).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    set.map(([key, value]) => [
      environmentName(key),
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]),
  );
}

function fromFile(path: string): Record<string, unknown> {
  if (!existsSync(path)) return {};
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (value === null || typeof value !== 'object' || Array.isArray(value))
      throw new Error('not a JSON object');
    return value as Record<string, unknown>;
  } catch (error) {
    // Node's own words quote the file, where a password may stand
    const { code, message } = error as NodeJS.ErrnoException;
    const place = code ?? /line \d+ column \d+/.exec(message)?.[0];
    throw misuse(
      `${path} is no JSON object${place === undefined ? '' : `: ${place}`}`,
      'It must hold one JSON object, e.g. {"llmBatch": 10}.',
    );
  }
}

/**
 * Settings in order of precedence: flags, then `TAXON_*` variables (and `DATABASE_URL`), then taxon.config.json in
 * the current folder, then defaults.
 *
 * @throws TaxonError naming the key, where it came from, the value and what is allowed
 */
export function loadConfig(
  flags: Partial<Record<ConfigKey, unknown>> = {},
  environment: NodeJS.ProcessEnv = process.env,
  folder: string = process.cwd(),
): Config {
  const file = join(folder, 'taxon.config.json');
  const merged: Record<string, unknown> = {};
  const origin: Record<string, string> = {};
  const take = (key: string, value: unknown, from: string) => {
    if (value === undefined || value === '') return;
    merged[key] = value;
    origin[key] = from;
  };
  for (const [key, value] of Object.entries(fromFile(file))) take(key, value, file);
  take('databaseUrl', environment.DATABASE_URL, 'DATABASE_URL');
  for (const key of Object.keys(schema.entries))
    take(key, environment[environmentName(key)], environmentName(key));
  for (const [key, value] of Object.entries(flags)) take(key, value, `--${key}`);

  const parsed = v.safeParse(schema, merged, { abortPipeEarly: true, message: ofObject });
  if (!parsed.success) {
    const lines = parsed.issues.map((issue) => {
      const key = String(issue.path?.[0].key ?? '?');
      return `${key} = ${shown(key, merged[key])} (from ${origin[key] ?? 'default'}): ${issue.message}`;
    });
    throw misuse(
      `the configuration is not valid\n  ${lines.join('\n  ')}`,
      'Correct or remove what is named above.',
    );
  }
  return { ...parsed.output, dataDir: resolve(folder, parsed.output.dataDir) };
}
