import { expect, test } from 'vitest';
import { taxonHere } from '../support/command.ts';
import { asPage, cookieOf, send, signedIn } from '../support/page.ts';
import { startTaxon, until } from '../support/processes.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();
const environment = () => ({ DATABASE_URL: t.database.superUrl });
const taxon = (...args: string[]) => taxonHere(args, environment());

test('taxon dashboard serves the page until Ctrl-C: its link opens it, as does a token', async () => {
  const token = await taxon('dashboard', 'token', 'add', 'Rita');
  expect(token).toMatchObject({ code: 0, stderr: '' });
  const page = startTaxon(['dashboard', '--port', '0', '--role', 'taxon_reader', '--json'], environment());
  await until(
    async () => page.stdout(),
    (text) => text.endsWith('\n'),
  );
  const { url, link } = JSON.parse(page.stdout());
  const local = asPage(url, cookieOf(await send(link)));
  expect((await local.get('me')).json).toMatchObject({ name: null, role: 'taxon_reader', allowed: [] });
  await page.says('the link was used');
  const rita = await signedIn(url, token.stdout.trim());
  expect((await rita.get('overview')).json.products).toBe(0);
  expect(await page.kill('SIGINT')).toBe(0);
});

test('tokens are made once, listed without what they are, and taken back', async () => {
  expect(await taxon('dashboard', 'token', 'list')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('no token yet'),
  });
  const made = await taxon('dashboard', 'token', 'add', 'Ann', '--role', 'taxon_admin');
  const again = await taxon('dashboard', 'token', 'add', 'Ann');
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('taxon dashboard token remove') });
  const listed = await taxon('dashboard', 'token', 'list', '--json');
  expect(JSON.parse(listed.stdout).tokens).toMatchObject([{ name: 'Ann', role: 'taxon_admin' }]);
  expect(listed.stdout).not.toContain(made.stdout.trim());
  expect((await taxon('dashboard', 'token', 'remove', 'Ann')).code).toBe(0);
  expect((await taxon('dashboard', 'token', 'remove', 'Ann')).code).toBe(1);
});

test('what cannot be is refused', async () => {
  expect((await taxon('dashboard', 'token', 'add', 'Ann', '--role', 'postgres')).code).toBe(2);
  expect((await taxon('dashboard', 'token', 'add', '<img>')).code).toBe(2);
  expect((await taxon('dashboard', '--role', 'postgres')).code).toBe(2);
  expect((await taxon('dashboard', '--url', 'shop')).code).toBe(2);
  const owner = await taxonHere(['dashboard', 'token', 'add', 'Ann'], {
    DATABASE_URL: await t.database.urlFor('taxon_reader'),
  });
  expect(owner.code).toBe(1);
});
