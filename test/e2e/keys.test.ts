import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Database } from '../../src/database/connection/open.ts';
import type { TestDatabase } from '../support/database.ts';
import { startSidecarProcess, type TaxonProcess } from '../support/processes.ts';
import { insert, look, settled } from '../support/rows.ts';
import { type Answer, type Call, type ScriptedLlm, startScriptedLlm } from '../support/scripted-llm.ts';
import { lettersShop } from '../support/shop.ts';
import { newNames } from '../support/shop-names.ts';

const key = 'wq-live-7Yc/4Tz+Kd82LmPx0Rb';
const base64 = Buffer.from(`Bearer ${key}`).toString('base64');

/** A server that sends the key back wherever it can: in two refusals, then in each field of answers. */
function echo({ text, number }: Call): Answer {
  if (number === 1)
    return {
      status: 500,
      text: `${key} ${key.toUpperCase()} ${base64} ${encodeURIComponent(key)} ${key.slice(0, 20)}`,
    };
  if (number === 2) return { status: 400, text: `bad request of ${key.slice(8)}\u001b[2J` };
  const items = text.match(/^\d+\. /gm)?.length ?? 1;
  const answers = Array.from({ length: items }, (_, at) => ({ item: at + 1, id: key, confidence: 1 }));
  return {
    body: {
      id: `id-${key}`,
      object: 'chat.completion',
      model: `model-${key.toLowerCase()}`,
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: JSON.stringify({ answers, note: key }) },
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 10, completion_tokens: 5 },
    },
  };
}

let database: TestDatabase;
let db: Database;
let llm: ScriptedLlm;
let sidecar: TaxonProcess;

beforeAll(async () => {
  database = await lettersShop();
  db = look(database.url);
  await db.rows(`select taxon.set_setting('local_layer', '"shadow"')`);
  llm = await startScriptedLlm(echo);
  sidecar = await startSidecarProcess(database.url, {
    TAXON_LLM_BASE_URL: llm.url,
    TAXON_LLM_MODEL: 'echo',
    TAXON_LOG: 'debug',
    OPENAI_API_KEY: key,
  });
});

afterAll(async () => {
  await sidecar?.kill('SIGTERM');
  await llm?.close();
  await db?.close();
  await database?.drop();
});

it('a key that a server echoes, in whatever field and spelling, is in no table and in no log line', async () => {
  await insert(
    db,
    newNames(6, 41_000, false).map(({ name }) => name),
  );
  await settled(db);
  const kept: string[] = [];
  const tables = await db.rows<{ name: string }>(
    `select schemaname || '.' || tablename as name from pg_tables where schemaname in ('taxon', 'taxon_internal') and tablename not in ('model_files', 'embeddings')`,
  );
  for (const { name } of tables)
    for (const { row } of await db.rows<{ row: string }>(`select t::text as row from ${name} t`))
      kept.push(row);
  const calls = await db.rows<{ model_version: string | null; error: string | null }>(
    'select model_version, error from taxon_internal.llm_calls order by llm_call_id',
  );
  expect(calls.some(({ error }) => error?.includes('[key]'))).toBe(true);
  expect(calls.some(({ model_version }) => model_version === 'model-[key]')).toBe(true);
  expect(sidecar.stderr()).toContain('[key]');
  const seen = (kept.join('\n') + sidecar.stderr()).toLowerCase();
  const middle = Buffer.from(key).toString('base64').slice(4, 20);
  for (const part of [key, key.slice(0, 16), key.slice(-16), encodeURIComponent(key), middle])
    expect(seen.includes(part.toLowerCase()), part).toBe(false);
  // nor does what a server says move the cursor of whoever reads the log
  expect(sidecar.stderr()).not.toContain('\u001b');
});
