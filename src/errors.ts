import { hideSecrets } from './secrets.ts';

/** An error for people: what was wrong, where, what to do. The command line prints it without a stack. */
export class TaxonError extends Error {
  /** What to do about it, one sentence. */
  readonly hint: string | undefined;
  /** The command's exit code: 1 failed, 2 misuse. */
  readonly exitCode: 1 | 2;

  constructor(message: string, options: { hint?: string; exitCode?: 1 | 2; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'TaxonError';
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? 1;
  }
}

/** The caller asked for something that cannot be: wrong flag, wrong file, wrong value. Exit code 2. */
export function misuse(message: string, hint?: string): TaxonError {
  return new TaxonError(message, hint === undefined ? { exitCode: 2 } : { exitCode: 2, hint });
}

/** The text of anything thrown, without keys and logins. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return hideSecrets(error instanceof Error ? error.message : String(error));
}
