/** Markup that is safe to print; everything else is text. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function shown(value: unknown): string {
  if (value instanceof Html) return value.text;
  if (Array.isArray(value)) return value.map(shown).join('');
  if (value === null || value === undefined || value === false) return '';
  // control characters are no HTML; a name may hold one
  const text = String(value).replace(/[^\P{Cc}\t\n]/gu, '\uFFFD');
  return text.replace(/[&<>"']/g, (character) => entities[character] as string);
}

/**
 * Markup with values in it: what is not itself made by `html` is escaped, so that no value can become markup. Attributes
 * must be quoted.
 */
export function html(parts: TemplateStringsArray, ...values: unknown[]): Html {
  return new Html(parts.map((part, i) => (i === 0 ? part : shown(values[i - 1]) + part)).join(''));
}
