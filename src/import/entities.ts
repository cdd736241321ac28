import { decodeHTMLStrict } from 'entities';

const entity = /&(?:[a-z][a-z0-9]*|#\d+|#x[0-9a-f]+);/iu;
/** Programs escape what is escaped already: "&amp;quot;". */
const deepest = 3;

/** Whether a text holds what looks like an HTML entity, with its semicolon: "AT&T" and "a&b" do not. */
export function hasEntities(text: string): boolean {
  return text.includes('&') && entity.test(text);
}

/** The text that a browser would show, also where it was escaped twice or three times. */
export function decoded(text: string): string {
  let before = text;
  for (let i = 0; i < deepest && hasEntities(before); i++) {
    const after = decodeHTMLStrict(before);
    if (after === before) break;
    before = after;
  }
  return before;
}

/** A path: where it has a ">" that separates, an escaped one is part of a name and stays for `decoded()` of the level. */
export function decodedPath(path: string): string {
  return path.includes('>') ? path : decoded(path);
}
