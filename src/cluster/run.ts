import { spawn } from 'node:child_process';
import { TaxonError } from '../errors.ts';
import type { Account } from './account.ts';

export interface RunOptions {
  /** Whom the program runs as; default: who runs this process. */
  as?: Account | undefined;
  /** Added to a clean environment: PGPORT, PGDATA and the like of the caller must not steer the private cluster. */
  env?: Record<string, string>;
  cwd?: string;
}

export interface RunResult {
  code: number;
  stdout: string;
  stderr: string;
}

const kept = new Set([
  ...['PATH', 'HOME', 'TMPDIR', 'XDG_RUNTIME_DIR'],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'],
  ...['DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_CONFIG', 'DOCKER_CERT_PATH', 'DOCKER_TLS_VERIFY'],
]);

/** The caller's environment without what PostgreSQL's programs read and without secrets (a server keeps it), messages in English. */
export function cleanEnvironment(added: Record<string, string> = {}): Record<string, string> {
  const environment: Record<string, string> = { LC_ALL: 'C', ...added };
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && kept.has(name)) environment[name] = value;
  }
  return environment;
}

/** Runs a program without a shell and waits for its end; a program that does not exist has code 127. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((done) => {
    // Another user may not enter the current folder (a checkout below /root).
    const cwd = options.cwd ?? '/';
    const ids = options.as === undefined ? {} : { uid: options.as.uid, gid: options.as.gid };
    const child = spawn(command, args, {
      cwd,
      env: cleanEnvironment(options.env),
      stdio: ['ignore', 'pipe', 'pipe'],
      ...ids,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', (error) => done({ code: 127, stdout, stderr: stderr + error.message }));
    child.on('close', (code) => done({ code: code ?? 1, stdout, stderr }));
  });
}

/** The last lines of a long text, indented, for an error message. */
export function tail(text: string, lines = 15): string {
  return text
    .trimEnd()
    .split('\n')
    .slice(-lines)
    .map((line) => `  ${line}`)
    .join('\n');
}

/**
 * Runs a program that has to succeed and returns its standard output.
 *
 * @throws TaxonError with the program's last lines
 */
export async function must(
  command: string,
  args: readonly string[],
  options: RunOptions & { hint?: string } = {},
): Promise<string> {
  const result = await run(command, args, options);
  if (result.code === 0) return result.stdout;
  const said = tail(`${result.stdout}\n${result.stderr}`);
  throw new TaxonError(
    `${command} ${args.join(' ')} failed with code ${result.code}\n${said}`,
    options.hint === undefined ? {} : { hint: options.hint },
  );
}
