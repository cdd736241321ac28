import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { messageOf, misuse } from '../errors.ts';
import { notUtf8, packed, readings, wideEncoding } from './encoding.ts';

const lineFeed = 0x0a;
/** A line longer than this is no line: the file is of another kind. */
const longestLine = 16 * 1024 * 1024;
const readAtOnce = 256 * 1024;

/** The bad line itself, short enough for a screen, without what would move its cursor. */
export function shown(text: string): string {
  const short = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return short.replace(/\p{Cc}/gu, (control) => (/[\t\n]/.test(control) ? control : '\ufffd'));
}

function countLines(block: Buffer): number {
  let count = 0;
  for (let at = block.indexOf(lineFeed); at !== -1; at = block.indexOf(lineFeed, at + 1)) count++;
  return count;
}

/** What to do about a block that is no UTF-8: which encoding it is by its letters, and what the line is in that and in another. */
function encodingHint(block: Buffer): string {
  const { lines, mixed, damaged } = notUtf8(block);
  if (damaged) return 'The rest of it is UTF-8: some bytes were cut or damaged. Correct the line.';
  const found = readings(lines);
  const [best] = found;
  const what = mixed
    ? `Other lines are UTF-8: correct this one; it may be ${best?.name}.`
    : `It looks like ${best?.name}: save the file as UTF-8, e.g. iconv -f ${best?.name} -t utf-8.`;
  return what + found.map(({ name, text }) => `\n  in ${name}: ${shown(text.trim())}`).join('');
}

/** Names the first line of the block that PostgreSQL could not hold. */
function badLine(path: string, block: Buffer, first: number): Error {
  let line = first;
  for (let start = 0; start < block.length; line++) {
    const end = block.indexOf(lineFeed, start);
    const text = block.subarray(start, end === -1 ? block.length : end);
    start = end === -1 ? block.length : end + 1;
    const content = shown(text.toString('utf8').replaceAll('\0', '\\0').trimEnd());
    if (!isUtf8(text)) {
      return misuse(`${path}, line ${line}: not valid UTF-8: ${content}`, encodingHint(block));
    }
    if (text.includes(0)) {
      return misuse(`${path}, line ${line}: a NUL character: ${content}`, 'Remove it: no text can hold one.');
    }
  }
  return misuse(`${path}: not valid UTF-8`);
}

function open(path: string): { bytes: Readable; read: () => number } {
  const file = createReadStream(path, { highWaterMark: readAtOnce });
  const read = () => file.bytesRead;
  if (!path.endsWith('.gz')) return { bytes: file, read };
  const gunzip = createGunzip({ chunkSize: readAtOnce });
  // an error reaches the reader through gunzip, which it destroys
  pipeline(file, gunzip, () => {});
  return { bytes: gunzip, read };
}

/**
 * A text file, .gz or not, as blocks of whole lines: valid UTF-8, without NUL, without byte order mark.
 *
 * @param onProgress called with the bytes of the file (packed, if it is) read so far
 * @throws TaxonError that names the first bad line and shows it
 */
export async function* textBlocks(
  path: string,
  onProgress?: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  const { bytes, read } = open(path);
  let rest: Buffer = Buffer.alloc(0);
  let line = 1;
  let start = true;

  function checked(block: Buffer): Buffer {
    const foreign = start ? packed(block) : null;
    if (foreign !== null)
      throw misuse(`${path} is ${foreign}`, 'Save it as .csv in UTF-8; packed by gzip it must end in .gz.');
    const wide = start ? wideEncoding(block) : null;
    if (wide !== null)
      throw misuse(
        `${path} is ${wide.name}${wide.marked ? '' : ' without a byte-order mark'}`,
        `Save it as UTF-8, e.g. iconv -f ${wide.iconv} -t utf-8.`,
      );
    const text = start && block.indexOf('\ufeff', 0, 'utf8') === 0 ? block.subarray(3) : block;
    start = false;
    if (!isUtf8(text) || text.includes(0)) throw badLine(path, text, line);
    line += countLines(text);
    return text;
  }
  try {
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      onProgress?.(read());
      const end = chunk.lastIndexOf(lineFeed) + 1;
      const block = Buffer.concat([rest, chunk.subarray(0, end)]);
      rest = end === 0 ? Buffer.concat([rest, chunk]) : chunk.subarray(end);
      if (rest.length > longestLine)
        throw misuse(`${path}, line ${line}: longer than 16 MB`, 'Is it really a text of lines?');
      if (end > 0) yield checked(block);
    }
  } catch (error) {
    const code = (error as { code?: string }).code ?? '';
    if (code === 'ENOENT') throw misuse(`there is no file ${path}`);
    if (code === 'EISDIR' || code === 'EACCES') throw misuse(`${path} cannot be read: ${messageOf(error)}`);
    if (/^Z_/.test(code)) throw misuse(`${path} is not a whole .gz file: ${messageOf(error)}`);
    throw error;
  }
  if (rest.length > 0) yield checked(rest);
}

/** The first line from `wanted` on that is not empty; read anew, as an open quote may have begun long before. */
export async function lineOf(path: string, wanted: number): Promise<{ line: number; text: string }> {
  let line = 1;
  for await (const block of textBlocks(path)) {
    for (const text of block
      .toString()
      .split('\n')
      .slice(0, Math.max(1, countLines(block)))) {
      if (line >= wanted && text.trim() !== '') return { line, text: shown(text.trimEnd()) };
      line++;
    }
  }
  return { line: wanted, text: '' };
}
