import { expect, test } from 'vitest';
import { Claims } from '../../../src/sidecar/claims.ts';
import { type Life, troubleOf } from '../../../src/sidecar/metrics/look.ts';

const config = { leaseSeconds: 1 };
const now = Date.now();

function life(more: Partial<Life>): Life {
  return {
    worker: 'w',
    claims: new Claims(1),
    modelId: () => null,
    seenAt: () => now,
    loops: () => [{ name: 'local', turnedAt: now }],
    stopping: new AbortController().signal,
    ...more,
  };
}

test('a sidecar that works has no trouble', () => {
  expect(troubleOf(life({}), config, true)).toBeNull();
});

test('a database that was not seen for over half a minute is one for /healthz, not for /livez', () => {
  const away = life({ seenAt: () => now - 31_000 });
  expect(troubleOf(away, config, true)).toMatch(/^the database was last seen 3\d s ago$/);
  expect(troubleOf(away, config, false)).toBeNull();
});

test('a loop that hangs longer than all that it waits for is one for both', () => {
  const loops = () => [
    { name: 'local', turnedAt: now },
    { name: 'LLM', turnedAt: now - 161_000 },
  ];
  for (const database of [true, false])
    expect(troubleOf(life({ loops }), config, database)).toMatch(/^the LLM loop has not turned for 16\d s$/);
  // a lease of a minute makes its statements wait ten
  expect(troubleOf(life({ loops }), { leaseSeconds: 60 }, true)).toBeNull();
});

test('a sidecar that stops is not ready', () => {
  expect(troubleOf(life({ stopping: AbortSignal.abort() }), config, false)).toBe('it stops');
});
