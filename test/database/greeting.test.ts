import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/database/open.ts';
import { testDatabase } from '../support/database.ts';

/** ErrorResponse: FATAL 57P01. */
function farewell(): Buffer {
  const fields = Buffer.from(
    'SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0',
    'latin1',
  );
  const head = Buffer.from('E\0\0\0\0', 'latin1');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}

test('a server that stops right after its greeting fails what was asked, and not the process', async () => {
  const database = await testDatabase();
  const url = new URL(database.url);
  const socket = `.s.PGSQL.${url.searchParams.get('port') ?? '5432'}`;
  const target = join(url.searchParams.get('host') ?? '', socket);
  const folder = mkdtempSync(join(tmpdir(), 'greeting-'));
  const proxy = createServer((near) => {
    const far = connect(target);
    near.on('error', () => {}).on('data', (data) => far.write(data));
    far.on('data', (data) => {
      const greeted = data.includes('Z\0\0\0\x05I', 0, 'latin1');
      near.write(greeted ? Buffer.concat([data, farewell()]) : data);
      if (greeted) far.destroy();
    });
  });
  await new Promise<void>((resolve) => proxy.listen(join(folder, socket), resolve));
  url.searchParams.set('host', folder);
  const unheard: unknown[] = [];
  const hear = (error: unknown) => unheard.push(error);
  process.on('uncaughtException', hear);
  const db = openDatabase(url.href, { schema: 'taxon', poolSize: 1 });
  try {
    await expect(db.transaction((client) => client.query('select 1'))).rejects.toThrow('connection error');
    expect(unheard).toEqual([]);
  } finally {
    process.off('uncaughtException', hear);
    await db.close();
    proxy.close();
    rmSync(folder, { recursive: true });
    await database.drop();
  }
});
