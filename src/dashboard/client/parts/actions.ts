import { signal } from '@preact/signals';
import { type ComponentChildren, h } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { type Action, type Arguments, asSql } from '../../../database/dashboard/actions.ts';
import { act, may, Refused, schema } from '../api.ts';

/** What was done last, for everybody who looks or listens. */
const notice = signal<{ text: string; sql?: string; bad: boolean; at: number } | null>(null);

function say(text: string, sql?: string, bad = false): void {
  notice.value = { text, bad, at: Date.now(), ...(sql === undefined ? {} : { sql }) };
}

export function sayProblem(error: unknown): void {
  const { message, hint } = error instanceof Refused ? error : new Refused(0, 'the server does not answer');
  say(hint === undefined ? message : `${message}. ${hint}`, undefined, true);
}

/** SQL, or a command, with a button that copies it. */
export function Copyable(props: { text: string; label?: string }) {
  const [copied, setCopied] = useState(false);
  const code = useRef<HTMLElement>(null);
  const copy = async () => {
    // without TLS a browser gives no clipboard: then the text is at least marked
    if (navigator.clipboard === undefined) {
      if (code.current !== null) getSelection()?.selectAllChildren(code.current);
      return;
    }
    await navigator.clipboard.writeText(props.text);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return h(
    'span',
    { class: 'copyable' },
    h('code', { ref: code }, props.text),
    h(
      'button',
      {
        type: 'button',
        class: 'quiet',
        onClick: copy,
        'aria-label': `${props.label ?? 'Copy'}: ${props.text.slice(0, 120)}`,
      },
      copied ? 'copied' : (props.label ?? 'copy'),
    ),
  );
}

/** The same as a button does, for psql. */
export function AsSql(props: { action: Action; values: Arguments }) {
  let text: string;
  try {
    text = asSql(schema(), props.action, props.values);
  } catch {
    return null;
  }
  return h(
    'details',
    { class: 'sql' },
    h('summary', null, 'Copy as SQL · ', h('code', null, `${props.action}()`)),
    h(Copyable, { text, label: 'copy' }),
  );
}

/**
 * Calls a function, says what came of it, and gives its rows back; null where it was refused, which is said too.
 *
 * @param said what is said where it worked
 */
export async function perform<T = Record<string, unknown>>(
  action: Action,
  values: Arguments,
  said: string | ((rows: T[]) => string),
): Promise<T[] | null> {
  try {
    const { rows, sql } = await act<T>(action, values);
    say(typeof said === 'string' ? said : said(rows), sql);
    return rows;
  } catch (error) {
    sayProblem(error);
    return null;
  }
}

/** A button for one function; there is none for whoever may not call it. */
export function ActionButton(props: {
  action: Action;
  values: Arguments;
  said: string | ((rows: Record<string, unknown>[]) => string);
  kind?: 'main' | 'danger';
  disabled?: boolean;
  title?: string;
  onDone?(rows: Record<string, unknown>[]): void;
  children?: ComponentChildren;
}) {
  const [busy, setBusy] = useState(false);
  if (!may(props.action)) return null;
  const run = async () => {
    setBusy(true);
    const rows = await perform(props.action, props.values, props.said);
    setBusy(false);
    if (rows !== null) props.onDone?.(rows);
  };
  return h(
    'button',
    {
      type: 'button',
      class: props.kind,
      disabled: props.disabled === true || busy,
      title: props.title,
      'aria-busy': busy,
      onClick: run,
    },
    props.children,
  );
}

/** What was done last, at the foot of the page; read aloud, as its place is there before anything is in it. */
export function Notice() {
  const { value } = notice;
  return h(
    'div',
    { role: 'status', 'aria-live': 'polite' },
    value !== null &&
      h(
        'div',
        { class: 'notice' },
        h('span', { class: value.bad ? 'bad' : undefined }, value.text),
        value.sql !== undefined && h(Copyable, { text: value.sql }),
        h('button', { type: 'button', class: 'quiet', 'aria-label': 'Dismiss', onClick: dismiss }, '×'),
      ),
  );
}

function dismiss(): void {
  notice.value = null;
}
