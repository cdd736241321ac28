import { execFileSync } from 'node:child_process';
import { lchownSync, lstatSync, statSync } from 'node:fs';

/** A user of the operating system that the server runs as. */
export interface Account {
  uid: number;
  gid: number;
}

/** Whether this process is root, whom PostgreSQL refuses to run as. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Of users that are there: who is missing may come, with a package of PostgreSQL. */
const known = new Map<string, Account>();

function idsOf(name: string): Account | undefined {
  const before = known.get(name);
  if (before !== undefined) return before;
  try {
    const id = (flag: string) =>
      Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
    const account = { uid: id('-u'), gid: id('-g') };
    known.set(name, account);
    return account;
  } catch {
    return undefined;
  }
}

/** Who became root by sudo. */
function sudoUser(): Account | undefined {
  const uid = Number(process.env.SUDO_UID ?? 0);
  const gid = Number(process.env.SUDO_GID ?? 0);
  return isRoot() && uid > 0 && gid > 0 ? { uid, gid } : undefined;
}

/** Gives what root just made in a person's checkout to that person, who could not use it later without sudo. */
export function handOver(path: string): void {
  const user = sudoUser();
  if (user !== undefined && lstatSync(path).uid === 0) lchownSync(path, user.uid, user.gid);
}

/**
 * Whom the server of a data folder runs as: the owner of a folder that exists; else, for root, who called sudo, or the
 * user `postgres` that every PostgreSQL package makes, or `nobody`. Undefined: whoever runs this process.
 */
export function serverAccount(dataFolder: string): Account | undefined {
  if (!isRoot()) return undefined;
  const made = statSync(dataFolder, { throwIfNoEntry: false });
  if (made !== undefined && made.uid !== 0) return { uid: made.uid, gid: made.gid };
  return sudoUser() ?? idsOf('postgres') ?? idsOf('nobody') ?? { uid: 65534, gid: 65534 };
}
