import { createHash, randomBytes } from 'node:crypto';
import { misuse, TaxonError } from '../../errors.ts';
import type { Database } from '../connection/open.ts';
import { mayBecome, type PageRole, pageRoles } from './as-role.ts';

/** Tokens of the people who may open the page from elsewhere: what each may do is what its role may. */

export interface TokenRow {
  name: string;
  role: PageRole;
  created_at: Date;
  created_by: string;
}

const digest = (token: string) => createHash('sha256').update(token).digest();

/**
 * Makes a token for a person; only its digest is stored, so it is shown once.
 *
 * @throws TaxonError where the name is taken, the role is another, or this login could not act as it
 */
export async function addToken(db: Database, name: string, role: string): Promise<string> {
  if (!pageRoles.some((one) => one === role))
    throw misuse(`there is no role ${role} for the page`, `Give ${pageRoles.join(' or ')}.`);
  if (!/^[\p{L}\p{N}][\p{L}\p{N} ._@-]{0,62}$/u.test(name))
    throw misuse(`"${name}" is no name for a token`, 'Letters, digits, spaces and . _ @ -, at most 63.');
  await requireRole(db, role as PageRole);
  const token = `taxon_${randomBytes(32).toString('base64url')}`;
  const made = await db.rows(
    `insert into ${db.internal}dashboard_tokens (name, role, token_sha256) values ($1, $2, $3) on conflict (name) do nothing returning name`,
    [name, role, digest(token)],
  );
  if (made.length === 0)
    throw new TaxonError(`there is a token for ${name} already`, {
      hint: `Take it back first: taxon dashboard token remove '${name}'`,
    });
  return token;
}

/** @throws TaxonError with the statement that lets this login act as the role */
export async function requireRole(db: Database, role: PageRole): Promise<void> {
  if (await mayBecome(db, role)) return;
  const { login } = await db.row<{ login: string }>('select quote_ident(session_user) as login');
  throw new TaxonError(`${login} may not act as ${role}`, {
    hint: `As the owner of the schema type: grant ${role} to ${login};`,
  });
}

/** Takes a token back, from the next request on; returns whether there was one of this name. */
export async function removeToken(db: Database, name: string): Promise<boolean> {
  const gone = await db.rows(`delete from ${db.internal}dashboard_tokens where name = $1 returning name`, [
    name,
  ]);
  return gone.length > 0;
}

export function listTokens(db: Database): Promise<TokenRow[]> {
  return db.rows(
    `select name, role, created_at, created_by from ${db.internal}dashboard_tokens order by name`,
  );
}

/** Whose token it is; null: nobody's. */
export async function tokenOf(db: Database, token: string): Promise<{ name: string; role: PageRole } | null> {
  const [found] = await db.rows<{ name: string; role: PageRole }>(
    `select name, role from ${db.internal}dashboard_tokens where token_sha256 = $1`,
    [digest(token)],
  );
  return found ?? null;
}
