import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { migrationFiles } from '../../src/database/sql-files.ts';

/**
 * Databases in use have run these and will never run them again, so a change would reach only new ones: change what is
 * there by a new migration. (A file not released yet may change: `sha256sum migrations/*.sql` prints this table.)
 */
const shipped = `
2eb8f8961e0575b145c994549fe8b5bf8e96b9596647501a2cd0fc6d74bb8df6  migrations/0001_names.sql
3849cebf768159444b9e49deae3adf25a5068eb59496e78ab7f1a89dfecda9d6  migrations/0002_taxonomy.sql
9b5cdd673dfa610a29c1d2de3f3c0420c60f83e0830294356209cfe2d22f0e5e  migrations/0003_models.sql
3c3d08ed7095bc9c90281b477e781c6d71b7c874a95162a2ac3c532b644b5979  migrations/0004_ledger.sql
1a36f3292a99f2a9d7116519968d13c36584b2fc7eaf8a01a7c2a22815a99011  migrations/0005_memory.sql
5caca35214196e4d58812c6132e3604890a1afa55dc3e4ac531b2f53eb3f1b4b  migrations/0006_products.sql
c061c590aa1729660bd521c4dfd7de3df5377e9fa80bb8caacd99547261cc65a  migrations/0007_similar.sql
13637c18c96047c997cd49a7e845648be787ad7becd7a718ae4582ee2900caaf  migrations/0008_import.sql
26d69e86d584ab647a6d64910875846fa568bacfd5de34d8c4b51fd51435e975  migrations/0009_registry.sql
918a771f28b1302b698da17f78ac8ce5948a68935e2c19c5aeab881607a58c6b  migrations/0010_cleaning.sql
e57f9a5c7844985ea96c576d6e2705013d8f75d485f95084e7e4165f83670679  migrations/0011_labelled_at.sql
734b4ea20217018dd0ada6dcb4bd3e6136f96f9406679da8cf1a3c986775c27b  migrations/0012_neighbours.sql
660f33b05f02f7769056b14e0694a4b215ec11df8eeb19b5f39e50a32b9be0f6  migrations/0013_trust.sql
753bc6f3559908486996d6c631d0f61042837e804e95d09d73993519e1ff0a82  migrations/0015_checks.sql
3231c4840da232ee46c4412b8406d0a41bab3fe9d99fd7b474d1fb32c174fc2a  migrations/0016_promise.sql
df36198243b524cfe7c3fee663842a4811d4f74a3d212f087ab8e14d35ef451a  migrations/0017_audits.sql
bf40fe743dba1e39203f106f6a168b397da4548abeb77c86428c487c23fabb6a  migrations/0018_drift.sql
f3aab6957f676a3b66856823e0137f60218d99cd072dfaa32bac76df4dce23c0  migrations/0019_opinions.sql
7224186d9789ec0064cace7e75c0a3d1f89eed55289cea268bbc360e582127db  migrations/0020_routes.sql
f4bfc34db7f8696b9dc8569fb1274bced520c3555403a2476751b7e16de9878c  migrations/0021_spending.sql
f7e03fde56f163930fdab76de091c3bf214055bebbf7097c6dfb355dd79ff90d  migrations/0022_llm_batches.sql
6f0f4dca5fb0adc70d4d2cbc605a578ca3f566f96e98852c7eee788c95010dbe  migrations/0023_prompt_version.sql
1608614f0497f3ad0dc32c0f06a7e75212751b6144275681549c3a24eaadaa57  migrations/0024_autopilot.sql
7befb47383860bce2b27b14e961d841b734cb122dbfc34db26fbbee28f9d11c2  migrations/0026_retention.sql
b28fe41aebd5358b6c6580942000a3c5a27295a5f15f0c10cfeacd39015c9013  migrations/0028_learning.sql
b0168027cec836c83a8e8e30f4209234b10d31c89be433a7852299f5ded93666  migrations/0030_taxonomy_changes.sql
af4fc7947e750a7539c2e1f882bd59c569b5ba8298bf9734177977b6812012fd  migrations/0031_encoders.sql
7d475b6172bcd4ab376064fe6fa8c54be3e666332f61d571bbe718e118487fe1  migrations/0032_redecide.sql
e3b256268b11b2b9fae67e1b4d1816f1a1e6af4a1ecfe03ce89c0c3204c034fa  migrations/0033_full_trainings.sql
2b87e2bf7da02d610c3d86dd247165a49c8f05c4919f6ba739c7ab79421d491b  migrations/0036_kept_answers.sql
0718238b2989fcd299a23ed30077147116455f126edcb4547bd3fa3c67e24984  migrations/0037_sane_numbers.sql
`;

test('a shipped migration never changes: its sha256 stands in this file', () => {
  const found = migrationFiles().map(
    ({ path, text }) => `${createHash('sha256').update(text).digest('hex')}  ${path}`,
  );
  expect(`\n${found.join('\n')}\n`).toBe(shipped);
});
