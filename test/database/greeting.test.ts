import { expect, test } from 'vitest';
import { openDatabase } from '../../src/database/connection/open.ts';
import { testDatabase } from '../support/database.ts';
import { idle, startSocketProxy } from '../support/socket-proxy.ts';

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
  const proxy = await startSocketProxy(database.url, (near, far) => {
    near.on('error', () => {}).on('data', (data) => far.write(data));
    far.on('data', (data) => {
      const greeted = data.includes(idle);
      near.write(greeted ? Buffer.concat([data, farewell()]) : data);
      if (greeted) far.destroy();
    });
  });
  const unheard: unknown[] = [];
  const hear = (error: unknown) => unheard.push(error);
  process.on('uncaughtException', hear);
  const db = openDatabase(proxy.urlOf(database.url), { schema: 'taxon', poolSize: 1 });
  try {
    await expect(db.transaction((client) => client.query('select 1'))).rejects.toThrow('connection error');
    expect(unheard).toEqual([]);
  } finally {
    process.off('uncaughtException', hear);
    await db.close();
    await proxy.stop();
    await database.drop();
  }
});
