import { isUtf8 } from 'node:buffer';

interface Candidate {
  /** As iconv and people call it. */
  name: string;
  read: (bytes: Uint8Array) => string;
  cyrillic: boolean;
  /** Letters beyond ASCII that its languages use, the frequent ones first, then a blank, then the rest. */
  letters: string;
}

const central = 'ąęłóśżćńźáéíčšřžýěůöüä úďňťôľĺŕőűăâîșțşţđß';
const western = 'éèàçäöüßáíóúñêô ãõâîûëïæøåœùòì';
const cyrillic = 'оаеинтрсвлкмдпуіяыьгзбчйхжшюцщэїєфґ ъёўђѓѕјљњћќџ';

/** What WHATWG has no decoder for: the Polish letters of DOS. */
const cp852 = new Map(
  [...'ąćęłńóśźżĄĆĘŁŃÓŚŹŻ'].map((letter, i) => [
    [
      0xa5, 0x86, 0xa9, 0x88, 0xe4, 0xa2, 0x98, 0xab, 0xbe, 0xa4, 0x8f, 0xa8, 0x9d, 0xe3, 0xe0, 0x97, 0x8d,
      0xbd,
    ][i],
    letter,
  ]),
);
const decoded = (label: string) => (bytes: Uint8Array) => new TextDecoder(label).decode(bytes);
const candidates: Candidate[] = [
  { name: 'windows-1250', read: decoded('windows-1250'), cyrillic: false, letters: central },
  { name: 'windows-1251', read: decoded('windows-1251'), cyrillic: true, letters: cyrillic },
  { name: 'windows-1252', read: decoded('windows-1252'), cyrillic: false, letters: western },
  { name: 'iso-8859-2', read: decoded('iso-8859-2'), cyrillic: false, letters: central },
  { name: 'koi8-u', read: decoded('koi8-u'), cyrillic: true, letters: cyrillic },
  { name: 'cp866', read: decoded('ibm866'), cyrillic: true, letters: cyrillic },
  {
    name: 'cp852',
    read: (bytes) =>
      Array.from(bytes, (byte) =>
        byte < 0x80 ? String.fromCharCode(byte) : (cp852.get(byte) ?? '\ufffd'),
      ).join(''),
    cyrillic: false,
    letters: central,
  },
];

/** Signs that stand beside words and not in them. */
const signs = new Set('«»„“”‚‘’–—…°№™®©×·•§±²³½¼¾€£\u00a0');
const windows = (name: string) => name.startsWith('windows');
const isLetter = (character: string) => /\p{L}/u.test(character);

/** How well a reading looks like words: letters that its languages use, and only where they can stand. */
function plausible(text: string, { cyrillic, letters }: Candidate): number {
  const [often = '', seldom = ''] = letters.split(' ');
  const characters = [...text];
  let score = 0;
  for (const [i, character] of characters.entries()) {
    if (character < '\x80') continue;
    const before = characters[i - 1] ?? ' ';
    const after = characters[i + 1] ?? ' ';
    if (signs.has(character)) {
      if (isLetter(before) && isLetter(after)) score -= 2;
      continue;
    }
    const small = character.toLowerCase();
    const place = often.indexOf(small);
    if (place === -1 && !seldom.includes(small)) {
      score -= 2;
      continue;
    }
    // fewer words are written in capitals than not
    score += (place === -1 ? 0.3 : 1 - place / (2 * often.length)) * (character === small ? 1 : 0.8);
    // a capital behind a small letter, a Cyrillic letter in a Latin word, three accents in a row
    if (character !== small && isLetter(before) && before === before.toLowerCase()) score -= 1.5;
    if (cyrillic && (/[a-z]/i.test(before) || /[a-z]/i.test(after))) score -= 2;
    if (!cyrillic && before > '\x7f' && after > '\x7f' && isLetter(before) && isLetter(after)) score -= 2;
  }
  return score;
}

/**
 * A line that is no UTF-8 in the encoding that suits all such lines best, and in the best one of the other script: a
 * person sees at once which of the two it is.
 */
export function readings(lines: readonly Uint8Array[]): { name: string; text: string }[] {
  const [shown] = lines;
  if (shown === undefined) return [];
  const judged = candidates
    .map((candidate) => {
      const texts = lines.map((line) => candidate.read(line));
      return {
        name: candidate.name,
        cyrillic: candidate.cyrillic,
        text: texts[0] ?? '',
        // between near equals what Windows writes
        score: texts.reduce(
          (sum, text) => sum + plausible(text, candidate),
          windows(candidate.name) ? 0.5 : 0,
        ),
      };
    })
    .sort((a, b) => b.score - a.score);
  const [best] = judged;
  const other = judged.find((reading) => reading.cyrillic !== best?.cyrillic);
  return [best, other].filter((reading) => reading !== undefined);
}

/** What a file is that begins with these bytes, where it is none that is read: UTF-16 and UTF-32, marked or not. */
export function wideEncoding(start: Buffer): { name: string; iconv: string; marked: boolean } | null {
  const begins = (...bytes: (number | null)[]) =>
    start.length >= bytes.length &&
    bytes.every((byte, i) => (byte === null ? (start[i] ?? 0) !== 0 : start[i] === byte));
  if (begins(0xff, 0xfe, 0, 0) || begins(0, 0, 0xfe, 0xff))
    return { name: 'UTF-32', iconv: 'utf-32', marked: true };
  if (begins(0xff, 0xfe) || begins(0xfe, 0xff)) return { name: 'UTF-16', iconv: 'utf-16', marked: true };
  // a header is ASCII: every second byte of it is zero
  if (begins(null, 0, 0, 0, null, 0, 0, 0)) return { name: 'UTF-32', iconv: 'utf-32le', marked: false };
  if (begins(0, 0, 0, null, 0, 0, 0, null)) return { name: 'UTF-32', iconv: 'utf-32be', marked: false };
  if (begins(null, 0, null, 0)) return { name: 'UTF-16', iconv: 'utf-16le', marked: false };
  if (begins(0, null, 0, null)) return { name: 'UTF-16', iconv: 'utf-16be', marked: false };
  return null;
}

/** What a file is that begins with these bytes, where it is packed. */
export function packed(start: Buffer): string | null {
  if (start.subarray(0, 4).equals(Buffer.from('PK\x03\x04'))) return 'a .zip or an .xlsx';
  return start[0] === 0x1f && start[1] === 0x8b ? 'packed by gzip' : null;
}

/**
 * The lines of a block that are no UTF-8, some at most.
 *
 * @returns mixed: other lines have letters beyond ASCII that are UTF-8; damaged: these lines have too, but for some bytes
 */
export function notUtf8(
  block: Buffer,
  most = 200,
): { lines: Uint8Array[]; mixed: boolean; damaged: boolean } {
  const lines: Uint8Array[] = [];
  let mixed = false;
  let sound = 0;
  let broken = 0;
  for (let start = 0; start < block.length && lines.length < most; ) {
    const end = block.indexOf(0x0a, start);
    const line = block.subarray(start, end === -1 ? block.length : end);
    start = end === -1 ? block.length : end + 1;
    if (isUtf8(line)) {
      mixed ||= line.some((byte) => byte > 0x7f);
      continue;
    }
    lines.push(line);
    for (const character of line.toString('utf8')) {
      if (character === '\ufffd') broken++;
      else if (character > '\x7f') sound++;
    }
  }
  return { lines, mixed, damaged: sound > 2 * broken };
}
