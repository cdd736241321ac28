/**
 * What must not be shown: keys of providers, by value, and logins in addresses. A server can echo the key it was sent in
 * any field and any spelling, so that the one place which hides it looks at values, not at fields.
 */

/** Shorter values are no keys (`x`, `none`, `ollama`): hiding them would only break words. */
const shortestSecret = 8;

/** So many characters in a row of a key, in any of its spellings, are hidden: a half of it too. */
const piece = 12;

/** Pieces of all spellings of all secrets, in lower case, by length. */
const pieces = new Map<number, Set<string>>();

/** How pieces begin: of a text's places few are left to be looked up, 25 ms for a million characters instead of 200. */
const beginnings = new Uint8Array(2 ** 16);

/** Of the three characters from a place on. */
const beginning = (text: string, at: number) =>
  (text.charCodeAt(at) * 1021 + text.charCodeAt(at + 1) * 31 + text.charCodeAt(at + 2)) & 0xffff;

// of one length with the text, whatever letters it has: positions are taken from the one for the other
const lower = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** Base64 of the value wherever it stands in what was encoded ("Bearer …"): the middle of it does not depend on the rest. */
function base64(value: string): string[] {
  return [0, 1, 2].flatMap((before) => {
    const whole = Buffer.from(' '.repeat(before) + value).toString('base64');
    const own = whole.replace(/=+$/, '').slice(before === 0 ? 0 : before + 1);
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

/** From now on hideSecrets() hides the value; one that is too short to be a key is not kept. */
export function keepSecret(value: string | undefined): void {
  if (value === undefined || value.length < shortestSecret) return;
  const hex = Buffer.from(value).toString('hex');
  for (const spelling of [value, encodeURIComponent(value), hex, ...base64(value)]) {
    const length = Math.min(piece, spelling.length);
    const known = pieces.get(length) ?? new Set();
    for (let at = 0; at + length <= spelling.length; at++) {
      const each = lower(spelling.slice(at, at + length));
      known.add(each);
      beginnings[beginning(each, 0)] = 1;
    }
    pieces.set(length, known);
  }
}

function hideKeys(text: string): string {
  if (pieces.size === 0 || text.length < shortestSecret) return text;
  // white space is stepped over: a key may come back in lines, or letter by letter
  const compact = lower(text.replace(/\s+/g, ''));
  const marks = new Uint8Array(compact.length);
  let marked = false;
  for (let at = 0; at + shortestSecret <= compact.length; at++) {
    if (beginnings[beginning(compact, at)] === 0) continue;
    for (const [length, known] of pieces) {
      if (!known.has(compact.slice(at, at + length))) continue;
      marks.fill(1, at, at + length);
      marked = true;
    }
  }
  if (!marked) return text;
  const places = new Uint32Array(compact.length);
  for (let at = 0, to = 0; at < text.length; at++) if (!/\s/.test(text.charAt(at))) places[to++] = at;
  let shown = '';
  let next = 0;
  for (let at = 0; at < marks.length; at++) {
    if (!marks[at]) continue;
    let end = at;
    while (marks[end + 1]) end++;
    shown += `${text.slice(next, places[at])}[key]`;
    next = (places[end] as number) + 1;
    at = end;
  }
  return shown + text.slice(next);
}

/** As keys of OpenAI and Anthropic look, in use here or not; a server's own mask of one, too. */
export function hideKeysByLook(text: string): string {
  return text.replace(/\bsk-[\w*.-]{4,}/g, '[key]');
}

/** The text with every kept secret as `[key]`, and the login of every address in it as `[login]`. */
export function hideSecrets(text: string): string {
  return (
    hideKeys(text)
      // bounded: of a million letters without end each would be read to the end from each of its places
      .replace(/(postgres(?:ql)?:\/\/)[^\s"'<>]{0,1000}@/gi, '$1[login]@')
      .replace(/([a-z][a-z0-9+.-]{0,30}:\/\/)(?!\[login\])[^\s/?#"'<>]{1,1000}@/gi, '$1[login]@')
      .replace(/\b(password=)('[^']*'|[^\s&'"]+)/gi, '$1[login]')
  );
}
