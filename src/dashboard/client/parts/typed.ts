/** Sentences of health() hold what a person may type: it is shown apart, with a button that copies it. */

const typed =
  /((?:select|set|grant|alter|drop|revoke) [^;]*?(?:\([^)]*\)|from \S+)[^;]*|taxon [a-z][^;,)]*)(?=[;,)]|$)/;

/** A sentence of health() in words and what to type. */
export function inParts(detail: string): { words: string; type: string | null }[] {
  return detail
    .split('; ')
    .map((part) => {
      const found = typed.exec(part);
      const type = found?.[1]?.trim();
      if (found === null || type === undefined) return { words: part, type: null };
      return { words: part.slice(0, found.index).replace(/[:,]?\s*$/, ''), type };
    })
    .filter(({ words, type }) => words !== '' || type !== null);
}
