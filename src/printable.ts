/**
 * Text of a stranger on one line for logs, screens and PostgreSQL: control characters (NUL, which PostgreSQL refuses;
 * ESC, which moves a terminal's cursor; line ends) and lone surrogates become U+FFFD, what is too long is cut.
 */
export function printable(text: string, most: number): string {
  return text
    .slice(0, most)
    .toWellFormed()
    .replace(/\p{Cc}/gu, '\uFFFD');
}
