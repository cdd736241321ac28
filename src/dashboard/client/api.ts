import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Action, Arguments } from '../../database/dashboard/actions.ts';
import type { Me } from '../../database/dashboard/shapes.ts';

/** What the server said when it did not do what was asked. */
export class Refused extends Error {
  readonly status: number;
  readonly hint: string | undefined;
  constructor(status: number, message: string, hint?: string) {
    super(message);
    this.status = status;
    this.hint = hint;
  }
}

/** Who is signed in; null: not asked yet; out: nobody. */
export const me = signal<Me | 'out' | null>(null);

const headers = { 'x-taxon': '1' };

async function answered<T>(response: Response): Promise<{ value: T; text: string }> {
  const text = await response.text();
  let value: unknown = null;
  try {
    value = JSON.parse(text);
  } catch {
    // a proxy's page, or nothing at all
  }
  if (response.ok) return { value: value as T, text };
  const { error = response.statusText, hint } = (value ?? {}) as { error?: string; hint?: string };
  if (response.status === 401) me.value = 'out';
  throw new Refused(response.status, error, hint);
}

export async function ask<T>(path: string): Promise<T> {
  return (await answered<T>(await fetch(`/api/${path}`, { headers }))).value;
}

async function post<T>(path: string, body: unknown): Promise<T> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await answered<T>(response)).value;
}

/** Signs in with a token; who it is comes with the next look. */
export const signIn = (token: string) => post('/session', { token });

export async function signOut(): Promise<void> {
  await post('/session/end', {});
  me.value = 'out';
}

/** Calls one of the page's functions; its rows, and the call as it was made. */
export function act<T = Record<string, unknown>>(
  action: Action,
  values: Arguments,
): Promise<{ rows: T[]; sql: string }> {
  return post('/api/act', { action, arguments: values });
}

/** Whether whoever is signed in may call the function: who may not sees no button. */
export const may = (action: Action): boolean =>
  me.value !== null && me.value !== 'out' && me.value.allowed.includes(action);

/** Whether he may change anything at all. */
export const mayChange = (): boolean =>
  me.value !== null && me.value !== 'out' && me.value.allowed.length > 0;

export const schema = (): string => (me.value === null || me.value === 'out' ? 'taxon' : me.value.schema);

export interface Live<T> {
  data: T | null;
  error: Refused | null;
  /** Asks at once. */
  again(): Promise<void>;
}

/**
 * What the server has at a path, asked again and again while the page is looked at. What is the same as before is not drawn
 * anew.
 *
 * @param path    null: nothing is asked
 * @param everyMs pause between an answer and the next question; 0: asked once
 */
export function useLive<T>(path: string | null, everyMs: number): Live<T> {
  const [state, setState] = useState<{ path: string | null; data: T | null; error: Refused | null }>({
    path,
    data: null,
    error: null,
  });
  const last = useRef('');
  const look = useRef<() => Promise<void>>(async () => {});
  useEffect(() => {
    if (path === null) return;
    let over = false;
    let timer = 0;
    last.current = '';
    const next = () => {
      if (!over && everyMs > 0) timer = setTimeout(run, everyMs);
    };
    const run = async () => {
      clearTimeout(timer);
      if (document.hidden && last.current !== '') return next();
      try {
        const { value, text } = await answered<T>(await fetch(`/api/${path}`, { headers }));
        if (!over && text !== last.current) setState({ path, data: value, error: null });
        last.current = text;
      } catch (error) {
        const refused = error instanceof Refused ? error : new Refused(0, 'the server does not answer');
        last.current = `failed: ${refused.message}`;
        if (!over) setState((before) => ({ ...before, error: refused }));
      }
      next();
    };
    look.current = run;
    void run();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [path, everyMs]);
  return { data: state.data, error: state.error, again: () => look.current() };
}
