import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { migrationFiles } from '../../src/database/connection/sql-files.ts';

/**
 * Databases in use have run these and will never run them again, so a change would reach only new ones: change what is
 * there by a new migration. (A file not released yet may change: `sha256sum migrations/*.sql` prints this table.)
 */
const shipped = `
bc01830bb632cda2354a8dfc4b963adab06d545fb42ebad3f4d75371f7e05682  migrations/0001_ground.sql
7a5da7af115e9f6c23db267658c9d8738a93c34e18f320abd6d449b050adf75f  migrations/0002_taxonomy.sql
442fd09e40cd1674458bac54e080cdd7696efd9801c908d65c4fb8e69f2d5b3c  migrations/0003_changes.sql
a0c44f6ec219f33a9ded38e42938496f7b5805e193ab473ad4c64b755fdf041e  migrations/0004_model.sql
b332353b8d6496c57138a1557376ca11806aaa53f1a98f7d2184e25bcc3890e0  migrations/0005_trust.sql
d601fe41e06bccb8d12fbe834cee523251b5126f0c9a051f68ffcaf7c4aeb85f  migrations/0006_llm.sql
d123e08560deba82af95e84efeb8116922beb7236d7ecb01369394827915304d  migrations/0007_people.sql
7b56dcd4f0ec0cb8be15e82921fd81a7f19160f9697e9defc17219527f3d29e2  migrations/0008_memory.sql
869da4856c07adf6a46418891baa886ae09722976911dad5109d98679f749d29  migrations/0009_route.sql
bb9580577708989a1efe607fb4edaf0fa60d68edc4b37e6f4db1f31d7d014a99  migrations/0010_drift.sql
f7adf615d2adf54dffc1c33eb5be0cf53cd11750477f94d57a336a79a10b1586  migrations/0011_autopilot.sql
b82035d197102ed50f272cbb409db54639f7abaeb33c5ebac8533f4b5ed0ec63  migrations/0012_keeping.sql
b6c4cad777238984b6a145c3ac1936758d40c8a800bffe3a00fb206d130e6df4  migrations/0013_attach.sql
ab55fc9c1128f9736f019563ade244e6f148e3dbc955d632c9246c256dc8dc8a  migrations/0014_kinds.sql
d62fcfa9f6a2a9fb3c2c629a99923901583060ad3bbe73c536870d9c0dfa1564  migrations/0015_dashboard.sql
`;

test('a shipped migration never changes: its sha256 stands in this file', () => {
  const found = migrationFiles().map(
    ({ path, text }) => `${createHash('sha256').update(text).digest('hex')}  ${path}`,
  );
  expect(`\n${found.join('\n')}\n`).toBe(shipped);
});
