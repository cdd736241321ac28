import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { inflateRawSync } from 'node:zlib';

const endMark = 0x06054b50;
const entryMark = 0x02014b50;
const stored = 0;
const deflated = 8;

/** Where the list of entries begins, and how many there are: the last record of the file, before a comment at most. */
function findList(zip: Buffer): { at: number; entries: number } {
  for (let at = zip.length - 22; at >= 0 && at > zip.length - 65_558; at--) {
    if (zip.readUInt32LE(at) === endMark)
      return { at: zip.readUInt32LE(at + 16), entries: zip.readUInt16LE(at + 10) };
  }
  throw new Error('it is no zip file');
}

/** Makes a folder that everybody may read, whatever the umask is: root's server runs as another user. */
function folderFor(path: string): void {
  const made = mkdirSync(path, { recursive: true });
  for (let folder = path; made !== undefined && folder.length >= made.length; folder = dirname(folder))
    chmodSync(folder, 0o755);
}

/**
 * Unpacks a zip file whose content is known by its digest: no zip64, no encryption, no symbolic links, as in wheels. Node has
 * no zip of its own, and Python's forgets which files are programs.
 *
 * @throws Error where it is not such a file
 */
export function unzip(zip: Buffer, folder: string): void {
  let { at, entries } = findList(zip);
  for (; entries > 0; entries--) {
    if (zip.readUInt32LE(at) !== entryMark) throw new Error('its list of files is damaged');
    const method = zip.readUInt16LE(at + 10);
    const [packed, nameBytes, extra, comment] = [
      zip.readUInt32LE(at + 20),
      zip.readUInt16LE(at + 28),
      zip.readUInt16LE(at + 30),
      zip.readUInt16LE(at + 32),
    ];
    const mode = zip.readUInt32LE(at + 38) >>> 16;
    const local = zip.readUInt32LE(at + 42);
    const name = zip.toString('utf8', at + 46, at + 46 + nameBytes);
    at += 46 + nameBytes + extra + comment;
    if (normalize(name).startsWith('..')) throw new Error(`it holds a file outside: ${name}`);
    const path = join(folder, name);
    if (name.endsWith('/')) {
      folderFor(path);
      continue;
    }
    if (method !== stored && method !== deflated) throw new Error(`${name} is packed in an unknown way`);
    const begin = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const bytes = zip.subarray(begin, begin + packed);
    folderFor(dirname(path));
    writeFileSync(path, method === stored ? bytes : inflateRawSync(bytes));
    chmodSync(path, (mode & 0o111) === 0 ? 0o644 : 0o755);
  }
}
