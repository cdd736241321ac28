import { isUtf8 } from 'node:buffer';

/** Encodings that UTF-8 is most often mistaken for. */
const mistaken = ['windows-1251', 'windows-1252', 'windows-1250'];

/** For each character of a one-byte encoding its byte. */
function bytesOf(encoding: string): Map<string, number> {
  const characters = new TextDecoder(encoding).decode(Uint8Array.from({ length: 256 }, (_, i) => i));
  return new Map([...characters].map((character, byte) => [character, byte]));
}
let tables: Map<string, number>[] | undefined;

/** First bytes of two-byte UTF-8 as those encodings show them, and what can follow. */
const suspicious = /[ÐÑÃÅÄÂРСГЕДВĂĹĐŃ][^A-Za-zА-Яа-я0-9 ]/u;

/**
 * What a text was before its UTF-8 was read as another encoding and saved again ("Р§Р°Р№РЅРёРє" for "Чайник"); null where
 * it does not look so. Every letter must go back to bytes that are UTF-8, which no real word does by chance.
 */
export function unspoilt(text: string): string | null {
  if (!suspicious.test(text)) return null;
  tables ??= mistaken.map(bytesOf);
  for (const table of tables) {
    const bytes = [...text].map((character) => table.get(character));
    if (bytes.includes(undefined)) continue;
    const buffer = Buffer.from(bytes as number[]);
    if (!isUtf8(buffer)) continue;
    const before = buffer.toString('utf8');
    if (before.length < text.length && !/\p{Cc}/u.test(before)) return before;
  }
  return null;
}

/** Whether letters were replaced on the way: by U+FFFD, or by question marks in a row. */
export function lostLetters(text: string): boolean {
  return /\ufffd|\?{3}/u.test(text);
}

/** What spreadsheets, databases and programs write where there is nothing. */
const nothing = new Set(
  `null \\n nan na n/a #n/a #n/a! n/d #n/d #н/д н/д none nil undefined <na> <null> (null) [null] #value! #ref! #name? #null! #div/0! - -- – —`.split(
    ' ',
  ),
);

/** Whether a field says that it holds nothing: NULL, \N, nan, N/A and the like, alone in it. */
export function isNothing(field: string): boolean {
  return field.length <= 10 && nothing.has(field.trim().toLowerCase());
}
