import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { TaxonError } from '../../src/errors.ts';
import { type MovedModel, readModelFile, writeModelFile } from '../../src/registry/model-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'model-file-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'm.taxon');

const model: MovedModel = {
  exported_at: '2026-01-02T03:04:05.000Z',
  model_id: 7,
  encoder: { identity: 'e@1 dtype=q8', dimension: 3 },
  tree_levels: '1,2,deepest',
  facts: { metrics: { l1: 0.9 }, data: null, code_version: '1.0.0', seed: 1, settings: {} },
  categories: { 12: ['Home', 'Kettles\nand "more"'] },
  files: new Map([
    ['manifest.json', Buffer.from('{"paths": [[12, null, null]]}')],
    ['letters.bin', Buffer.alloc(0)],
    ['heads.onnx', Buffer.from([0, 10, 13, 255, 10, 0])],
  ]),
};

describe('a model file', () => {
  test('gives back what was written, bytes for bytes; its first line says what is in it', async () => {
    const bytes = writeModelFile(file, model);
    const content = readFileSync(file);
    expect(bytes).toBe(content.length);
    expect(JSON.parse(content.subarray(0, content.indexOf(10)).toString())).toMatchObject({
      pgtaxon_model: 1,
      model_id: 7,
      files: [{ name: 'manifest.json' }, { name: 'letters.bin', bytes: 0 }, { name: 'heads.onnx', bytes: 6 }],
    });
    const read = await readModelFile(file);
    expect({ ...read, files: null }).toEqual({ ...model, files: null });
    expect([...read.files].map(([name, part]) => [name, Buffer.from(part).toString('hex')])).toEqual(
      [...model.files].map(([name, part]) => [name, Buffer.from(part).toString('hex')]),
    );
  });

  test.each([
    ['one byte is another', (b: Buffer) => b.fill(1, b.length - 1), 'the sha256 of heads.onnx in it differs'],
    ['it is cut short', (b: Buffer) => b.subarray(0, b.length - 1), 'bytes instead of'],
    ['it has more', (b: Buffer) => Buffer.concat([b, Buffer.from('x')]), 'bytes instead of'],
  ])('is refused where %s', async (_what, damage, says) => {
    writeModelFile(file, model);
    writeFileSync(file, damage(readFileSync(file)));
    await expect(readModelFile(file)).rejects.toMatchObject({
      message: expect.stringContaining(says),
      hint: 'Copy or export it again.',
    });
  });

  test.each([
    ['name,l1\nx,y\n', 'is no model of pgtaxon'],
    ['{"pgtaxon_model": 1', 'its first line has no end'],
    ['{"pgtaxon_model": 99}\n', 'in format 1'],
  ])('that is something else is misuse: %j', async (text, says) => {
    writeFileSync(file, text);
    await expect(readModelFile(file)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(says),
    });
  });

  const hostile = `\u001b[2J${'x'.repeat(1e6)}`;
  test.each<[string, RegExp, string]>([
    ['"seed":1', /→ at facts\.seed$/, '"seed":1e400'],
    ['"model_id":7', /→ at model_id$/, '"model_id":9007199254740992'],
    [
      '"model_id":7',
      /expected number, received a text\n {2}→ at model_id$/,
      `"model_id":${JSON.stringify(hostile)}`,
    ],
    ['"dimension":3', /→ at encoder\.dimension$/, '"dimension":0'],
    ['"data":null', /→ at facts\.data$/, '"data":[]'],
    ['"settings":{}', /→ at facts\.settings\.depth$/, '"settings":{"depth":4}'],
    ['"metrics":{', /→ at facts\.metrics\.levels$/, '"metrics":{"levels":[],'],
    ['"12":', /→ at categories\.x$/, '"x":'],
  ])('whose %s is another says where: %s', async (was, says, is) => {
    writeModelFile(file, model);
    const line = readFileSync(file, 'latin1');
    expect(line).toContain(was);
    writeFileSync(file, line.replace(was, is), 'latin1');
    const error = await readModelFile(file).catch((reason: unknown) => reason as TaxonError);
    expect(error).toMatchObject({ exitCode: 2, message: expect.stringMatching(says) });
    expect(error).not.toMatchObject({ message: expect.stringMatching(/.{300}|\[2J/) });
  });

  test('that cannot be written leaves what was there, and no half', async () => {
    const place = join(folder, 'taken');
    mkdirSync(join(place, 'inside'), { recursive: true });
    expect(() => writeModelFile(place, model)).toThrow('cannot be written: it is a folder');
    expect(readdirSync(place)).toEqual(['inside']);
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});
