import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file that the browser may have. */
export interface Served {
  type: string;
  body: Buffer;
  etag: string;
}

/** In a checkout the client is TypeScript whose types are stripped here; in the package it was compiled. */
const here = fileURLToPath(import.meta.url);
const code = extname(here);
const source = join(dirname(here), '..');

const library = (name: string) => fileURLToPath(import.meta.resolve(name));

/** Libraries by the name that the client imports them under. */
const libraries: Readonly<Record<string, string>> = {
  preact: library('preact'),
  'preact/hooks': library('preact/hooks'),
  '@preact/signals': library('@preact/signals'),
  '@preact/signals-core': join(dirname(library('@preact/signals-core')), 'signals-core.mjs'),
  // its `exports` name only what Node loads
  uplot: join(dirname(library('uplot')), 'uPlot.esm.js'),
};

const libraryPath = (name: string) => `/lib/${name.replaceAll(/[@/]/g, '_')}.js`;

/** What tells the browser where `import 'preact'` is. */
export const importMap = JSON.stringify({
  imports: Object.fromEntries(Object.keys(libraries).map((name) => [name, libraryPath(name)])),
});

/** Where the client begins, and the screen that opens first. */
const firstScreen = `/src/dashboard/client/screens/overview${code}`;
export const entryPath = `/src/dashboard/client/main${code}`;

function served(type: string, body: Buffer | string): Served {
  const bytes = Buffer.from(body);
  return {
    type,
    body: bytes,
    etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
  };
}

const script = 'text/javascript; charset=utf-8';

function module(path: string): Served {
  const text = readFileSync(join(source, path), 'utf8');
  return served(script, code === '.ts' ? withoutTypes(text) : text);
}

/** Node says once that this is experimental; on a screen of this program that says nothing to anybody. */
function withoutTypes(text: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(text);
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** Every file that the browser may have, by its path: read once, so that no request names a file of the disk. */
export function readFiles(): Map<string, Served> {
  const client = readdirSync(join(source, 'dashboard/client'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(code) && !name.endsWith('.d.ts'))
    .map((name) => `dashboard/client/${name.replaceAll('\\', '/')}`);
  const files = new Map<string, Served>();
  for (const path of [...client, `database/dashboard/actions${code}`])
    files.set(`/src/${path}`, module(path));
  for (const [name, path] of Object.entries(libraries))
    files.set(
      libraryPath(name),
      served(script, readFileSync(path, 'utf8').replace(/\n?\/\/# sourceMappingURL=.*/, '')),
    );
  const styles = join(source, 'dashboard/client/styles');
  const style = readdirSync(styles)
    .sort()
    .map((name) => readFileSync(join(styles, name), 'utf8'))
    .join('\n');
  const chart = readFileSync(join(dirname(library('uplot')), 'uPlot.min.css'), 'utf8');
  files.set('/style.css', served('text/css; charset=utf-8', `${chart}\n${style}`));
  return files;
}

/**
 * The modules that the first screen needs, each once: asked for at once, as each names the next only when it is there. The
 * other screens are loaded when the first stands.
 */
export function firstModules(files: ReadonlyMap<string, Served>): string[] {
  const needed = new Set<string>();
  const todo = [entryPath, firstScreen];
  for (let path = todo.pop(); path !== undefined; path = todo.pop()) {
    const text = files.get(path)?.body.toString('utf8');
    if (text === undefined || needed.has(path)) continue;
    needed.add(path);
    for (const [, from = ''] of text.matchAll(/\bfrom ?['"]([^'"]+)['"]/g))
      todo.push(from.startsWith('.') ? new URL(from, `http://x${path}`).pathname : libraryPath(from));
  }
  return [...needed];
}
