/**
 * Control characters (NUL, which PostgreSQL refuses; ESC, which moves a terminal's cursor), what ends a line, and what
 * turns the direction of the text after it.
 */
const unseen = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** Text of a stranger on one line for logs, screens and PostgreSQL: what it must not do becomes U+FFFD, what is too long is cut. */
export function printable(text: string, most: number): string {
  return text.slice(0, most).toWellFormed().replace(unseen, '\uFFFD');
}

/** As printable(), for a text of several lines. */
export function printableLines(text: string): string {
  return text.toWellFormed().replace(unseen, (sign) => (sign === '\n' || sign === '\t' ? sign : '\uFFFD'));
}
