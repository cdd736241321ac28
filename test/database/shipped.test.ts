import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { migrationFiles } from '../../src/database/sql-files.ts';

/**
 * Databases in use have run these and will never run them again, so a change would reach only new ones: change what is
 * there by a new migration. (A file not released yet may change: `sha256sum migrations/*.sql` prints this table.)
 */
const shipped = `
3d50d3ea1bf76889321094396b2294df8abae6deadc6db3c7b17dcdfbb659b4d  migrations/0001_ground.sql
59bb97d658a1fd0c14c6aa6fa97c13467cb2e966d741e39670fa4e0dc1d3bd77  migrations/0002_taxonomy.sql
c983102ce9d7185d5cd30a14c8ccc8e1a3b4bc924505dc10eea4b218ec63db54  migrations/0003_changes.sql
ee2741afd02ee698d83f402e42aa31a0aabf9e79346a3cb3c61000f20514c74e  migrations/0004_model.sql
21268a3c8f4ab201b05c6e32c89730d6abf569107f46431c489dd7c2c71c9025  migrations/0005_trust.sql
7da57456e1bf244b56a06ef8cf3e6bf72bca10355fda874655c79c3c3918aa1b  migrations/0006_llm.sql
937e92f71b69c226a520550c4f90689f590e52544c85ccbad542cb21749032e7  migrations/0007_people.sql
1a64ba31c26cf1e26fc532def64fb5db74e3dda45370a43f48a4c9cd16deb9db  migrations/0008_memory.sql
66d6863cb01096d92292dfef85722551933f7ee03682f923b3adc59332fb442d  migrations/0009_route.sql
69d599bb47737e2d9a6b4d3e2911b3221543f89f3bafb9cb8150340386b00a57  migrations/0010_drift.sql
59ad9015f492f1f127ed21254b0d2ba1487dd6d803a8139df199920715438a0b  migrations/0011_autopilot.sql
cd0d21b12ec6eb191930c7a34b579bf61356857db0a0ed832a19a41c93934d0f  migrations/0012_keeping.sql
`;

test('a shipped migration never changes: its sha256 stands in this file', () => {
  const found = migrationFiles().map(
    ({ path, text }) => `${createHash('sha256').update(text).digest('hex')}  ${path}`,
  );
  expect(`\n${found.join('\n')}\n`).toBe(shipped);
});
