import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { migrationFiles } from '../../src/database/sql-files.ts';

/**
 * Databases in use have run these and will never run them again, so a change would reach only new ones: change what is
 * there by a new migration. (A file not released yet may change: `sha256sum migrations/*.sql` prints this table.)
 */
const shipped = `
f081b9a0f7cc656c64ddbda9b1f7c3a01be0e28d297aad6beede26a23e701aac  migrations/0001_ground.sql
db76a3db77a6f7daa1292e57f77ce4a0231fd00a1302bbe0ff6635dd47562e74  migrations/0002_taxonomy.sql
c983102ce9d7185d5cd30a14c8ccc8e1a3b4bc924505dc10eea4b218ec63db54  migrations/0003_changes.sql
12a512719a6c0baba392270077bdcc31906c9e814550627adb19a6ac2c531207  migrations/0004_model.sql
387542ae98a37194e17ac12e1cd296f392cc67e1931b4c9a4b8046967b00bddd  migrations/0005_trust.sql
e7db17f47ca4ae776fe088106a5095c06b09b314d12013a0a98579e39605c300  migrations/0006_llm.sql
34c8e4b91fed54bf660be954914ca20f0bebdc3050c92a0435090ea30033c250  migrations/0007_people.sql
0862f23c38f6a13d19ed6093c67aff5c60f0cbb71b248280071ee94efc71b226  migrations/0008_memory.sql
0deebd49a622d6cd61fc412ad368cfc5b56d46a682c6189390093d73691f4053  migrations/0009_route.sql
97cc4235b736b2badd33630f589566be08a7b037debb2adc9f76a941b773bca0  migrations/0010_drift.sql
cdfc86756919a48ea6b580460843a22bc368225f4eab8b12d425214a8341b805  migrations/0011_autopilot.sql
9726a2fb1ffd10af9ba7c2f8e9b6c8f33fe2dc5d100c8657c8260cfb15728875  migrations/0012_keeping.sql
`;

test('a shipped migration never changes: its sha256 stands in this file', () => {
  const found = migrationFiles().map(
    ({ path, text }) => `${createHash('sha256').update(text).digest('hex')}  ${path}`,
  );
  expect(`\n${found.join('\n')}\n`).toBe(shipped);
});
