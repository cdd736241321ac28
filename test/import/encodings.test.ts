import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { failure, fileWith, rowsOf } from './files.ts';

/** A file in another encoding, by the system's own iconv. */
function encoded(name: string, text: string, encoding: string): string {
  return fileWith(name, execFileSync('iconv', ['-f', 'utf-8', '-t', encoding], { input: text }));
}

const polish =
  'name,l1\nŻółta gęś ceramiczna,Dom\nŁyżka do lodów,Kuchnia\nCzajnik biały 1,Dom\nKoc wełniany „Śnieżka”,Dom\n';
const czech = 'name,l1\nŽlutý hrnek č. 5,Dům\nKonvice na čaj šedá,Kuchyň\nPříbor dětský,Dům\n';
const ukrainian = 'name,l1\nЧайник електричний «Веселка»,Дім\nЇжачок плюшевий,Іграшки\nРушник 50x90 №5,Дім\n';
const russian = 'name,l1\nЧАЙНИК электрический,Дом\nЁлка искусственная 1.5 м,Дом\nUSB-кабель 2 м,Техника\n';
const german = 'name,l1\nWasserkocher für Küche,Haushalt\nGroße Tasse weiß,Küche\n';
const french = 'name,l1\nThéière émaillée,Maison\nCafé moulu à l’ancienne,Épicerie\n';

describe('what is no UTF-8 is named by its letters, and shown in two encodings', () => {
  const cases: [encoding: string, language: string, text: string][] = [
    ['windows-1250', 'Polish', polish],
    ['windows-1250', 'Czech', czech],
    ['windows-1251', 'Ukrainian', ukrainian],
    ['windows-1251', 'Russian', russian],
    ['windows-1252', 'French', french],
    ['iso-8859-2', 'Polish', polish.replaceAll(/[„”]/g, "'")],
    ['koi8-u', 'Ukrainian', ukrainian.replaceAll(/[«»№]/g, '"').replaceAll('"', "'")],
    ['cp866', 'Russian', russian],
    ['cp852', 'Polish', polish.replaceAll(/[„”]/g, "'")],
  ];
  test.each(cases)('%s, %s', async (encoding, _, text) => {
    const file = encoded('encoded.csv', text, encoding);
    const error = await failure(rowsOf(file));
    expect(error.message).toContain(`${file}, line 2: not valid UTF-8`);
    expect(error.hint).toContain(`It looks like ${encoding}`);
    expect(error.hint).toContain(`iconv -f ${encoding} -t utf-8`);
    expect(error.hint).toContain(`\n  in ${encoding}: ${text.split('\n')[1]}`);
    expect(error.hint?.split('\n')).toHaveLength(3);
  });
  test('a word or two are enough for windows-1250 beside windows-1251', async () => {
    const hint = async (text: string, encoding: string) =>
      (await failure(rowsOf(encoded('short.csv', `name,l1\n${text},x\n`, encoding)))).hint;
    expect(await hint('Czajnik biały', 'windows-1250')).toContain('looks like windows-1250');
    expect(await hint('Чайник белый', 'windows-1251')).toContain('looks like windows-1251');
    expect(await hint('Żółw', 'windows-1250')).toContain('looks like windows-1250');
    expect(await hint('Сіль', 'windows-1251')).toContain('looks like windows-1251');
  });
  test('shown in the other script too', async () => {
    const { hint } = await failure(rowsOf(encoded('both.csv', polish, 'windows-1250')));
    expect(hint).toContain('\n  in windows-1250: Żółta gęś ceramiczna,Dom');
    expect(hint).toMatch(/\n {2}in windows-1251: Ї/);
  });
  test('UTF-8 with a damaged byte is no other encoding', async () => {
    const bytes = Buffer.concat([Buffer.from('name,l1\nЧай'), Buffer.from([0xea]), Buffer.from('ник,Дом\n')]);
    const error = await failure(rowsOf(fileWith('damaged.csv', bytes)));
    expect(error.message).toContain('line 2: not valid UTF-8: Чай\ufffdник,Дом');
    expect(error.hint).toContain('cut or damaged');
  });
  test('letters that several encodings have at the same bytes', async () => {
    const { hint } = await failure(rowsOf(encoded('german.csv', german, 'windows-1252')));
    expect(hint).toMatch(/It looks like windows-125[02]/);
    expect(hint).toContain('Wasserkocher für Küche');
  });
});

describe('two and four bytes a character', () => {
  const text = 'name\tl1\nЧайник\tДім\n';
  test.each([
    ['UTF-16', 'utf-16le'],
    ['UTF-16', 'utf-16be'],
    ['UTF-32', 'utf-32le'],
    ['UTF-32', 'utf-32be'],
  ])('%s without a byte-order mark (%s)', async (name, encoding) => {
    const file = encoded('wide.tsv', text, encoding);
    const error = await failure(rowsOf(file));
    expect(error.message).toBe(`${file} is ${name} without a byte-order mark`);
    expect(error.hint).toContain(`iconv -f ${encoding} -t utf-8`);
    expect(error.exitCode).toBe(2);
  });
  test('with one, packed too', async () => {
    for (const [name, encoding] of [
      ['UTF-16', 'utf-16'],
      ['UTF-32', 'utf-32'],
    ] as const) {
      const input = execFileSync('iconv', ['-f', 'utf-8', '-t', encoding], { input: text });
      const file = fileWith('wide.tsv.gz', gzipSync(input));
      expect((await failure(rowsOf(file))).message).toBe(`${file} is ${name}`);
    }
  });
});

test('what is packed is no text', async () => {
  const file = fileWith('book.csv', Buffer.from('PK\x03\x04\x14\0\x06'));
  expect((await failure(rowsOf(file))).message).toBe(`${file} is a .zip or an .xlsx`);
  const gzip = fileWith('packed.csv', gzipSync('name,l1\nA,x\n'));
  expect((await failure(rowsOf(gzip))).message).toBe(`${gzip} is packed by gzip`);
});
