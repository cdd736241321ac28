import { expect, test } from 'vitest';
import { hideSecrets, keepSecret } from '../src/secrets.ts';

const key = 'sk-live-+aB3/dE5=fG7hJ9kL1mN';
keepSecret(key);

test.each([
  ['as it is', key],
  ['in upper case', key.toUpperCase()],
  ['in lower case', key.toLowerCase()],
  ['URL-encoded', encodeURIComponent(key)],
  ['in base64', Buffer.from(key).toString('base64')],
  ['in base64 with something before it', Buffer.from(`Bearer ${key}`).toString('base64').slice(12)],
  ['in base64, for URLs', Buffer.from(`x${key}`).toString('base64url').slice(2)],
  ['in hex', Buffer.from(key).toString('hex')],
  ['its first half', key.slice(0, 14)],
  ['its end', key.slice(-13)],
  ['letter by letter', key.split('').join(' ')],
  ['over two lines', `${key.slice(0, 9)}\n${key.slice(9)}`],
])('a key %s is hidden, and nothing beside it', (_, spelt) => {
  expect(hideSecrets(`with: ${spelt} after`)).toMatch(/^with: \[key\]\S{0,3} after$/);
});

test('what is too short to be a key, or only looks a little like it, stays', () => {
  keepSecret('x');
  keepSecret('ollama');
  const text = 'exact: the ollama server has no maximum context, sk-live-1';
  expect(hideSecrets(text)).toBe(text);
});

test.each([
  ['postgres://u:secret@host/db', 'postgres://[login]@host/db'],
  ['postgres://u:se/cr@et#1@host/db', 'postgres://[login]@host/db'],
  ['via http://me:secret@proxy:3128 failed', 'via http://[login]@proxy:3128 failed'],
  ['"https://u:s@cret@host/v1"', '"https://[login]@host/v1"'],
  ['host=h password=secret dbname=d', 'host=h password=[login] dbname=d'],
  ['https://host/@scope/name', 'https://host/@scope/name'],
])('logins in addresses are hidden: %s', (text, shown) => {
  expect(hideSecrets(text)).toBe(shown);
});

test.each(['x', 'postgres://', 'a://b', 'password=', '@'])(
  'a server sends a million characters of %s: it is read once, not from each of its places',
  (part) => {
    const text = part.repeat(1e6 / part.length);
    expect(hideSecrets(text).length).toBeGreaterThan(0);
  },
);
