import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { writeParts } from '../src/atomic-file.ts';

const root = mkdtempSync(join(tmpdir(), 'taxon-atomic-'));
let folder: string;
const at = (name: string) => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(root, 'case-'));
});
afterAll(() => rmSync(root, { recursive: true }));

describe('writeParts', () => {
  test('one part after the other', () => {
    writeParts(at('x'), ['Чайник ', Buffer.from('1,7 л')]);
    expect(readFileSync(at('x'), 'utf8')).toBe('Чайник 1,7 л');
    expect(readdirSync(folder)).toEqual(['x']);
  });

  test('the mode of what was there stays', () => {
    writeFileSync(at('x'), 'before');
    chmodSync(at('x'), 0o640);
    writeParts(at('x'), ['after']);
    expect([readFileSync(at('x'), 'utf8'), statSync(at('x')).mode & 0o777]).toEqual(['after', 0o640]);
  });

  test('a full disk: what was there stays, and no half', () => {
    writeFileSync(at('x'), 'before');
    // what is written to this device finds no room
    symlinkSync('/dev/full', at(`x.${process.pid}.part`));
    expect(() => writeParts(at('x'), ['after'])).toThrow('cannot be written: the disk is full');
    expect(readdirSync(folder)).toEqual(['x']);
    expect(readFileSync(at('x'), 'utf8')).toBe('before');
  });

  test('an error while the parts are made leaves nothing', () => {
    const parts = function* () {
      yield 'a';
      throw new Error('enough');
    };
    expect(() => writeParts(at('x'), parts())).toThrow('enough');
    expect(readdirSync(folder)).toEqual([]);
  });
});
