import { randomBytes } from 'node:crypto';
import type { Database } from '../database/connection/open.ts';
import type { PageRole } from '../database/dashboard/as-role.ts';
import { tokenOf } from '../database/dashboard/tokens.ts';

/** Who asks: the person at this machine, or the owner of a token. */
export interface Visitor {
  /** Null: whoever started the page. */
  name: string | null;
  /** Null: the rights of the connection. */
  role: PageRole | null;
}

const secret = () => randomBytes(32).toString('base64url');

/** Remembers so many decisions of each visitor. */
const remembered = 10;

/** Lets people in: by a link that works once on this machine, by a token of theirs from anywhere. */
export class Entry {
  #db: Database;
  #local: PageRole | null;
  /** The link that nobody has used yet; null: the page is not for the person at this machine. */
  #unused: string | null;
  #sessions = new Set<string>();
  /** Of people with tokens, by name: they share one login, so the database cannot tell them apart. */
  #decided = new Map<string, number[]>();

  /**
   * @param local what the person at this machine may do
   * @param link  whether there is a link for that person
   */
  constructor(db: Database, local: PageRole | null, link: boolean) {
    this.#db = db;
    this.#local = local;
    this.#unused = link ? secret() : null;
  }

  /** The key of the next link; null: there is none. */
  get key(): string | null {
    return this.#unused;
  }

  /** Takes a link's key in: the session's cookie, or null where it was used before. */
  useLink(key: string): string | null {
    if (this.#unused === null || key !== this.#unused) return null;
    this.#unused = secret();
    const session = secret();
    this.#sessions.add(session);
    return session;
  }

  /** Whose cookie it is; null: nobody's. A token that was taken back is nobody's from then on. */
  async visitor(cookie: string | undefined): Promise<Visitor | null> {
    if (cookie === undefined || cookie === '') return null;
    if (this.#sessions.has(cookie)) return { name: null, role: this.#local };
    return tokenOf(this.#db, cookie);
  }

  leave(cookie: string): void {
    this.#sessions.delete(cookie);
  }

  /**
   * The checks that a visitor decided last, the newest last. Of the person at this machine the database knows: null, but those
   * that people with tokens decided over the same connection are not his.
   */
  decided({ name }: Visitor): { mine: number[] | null; others: number[] } {
    const others = [...this.#decided.values()].flat();
    return name === null ? { mine: null, others } : { mine: this.#decided.get(name) ?? [], others: [] };
  }

  /** Notes a decision, or that it was taken back. */
  noteDecision({ name }: Visitor, checkId: number, takenBack: boolean): void {
    if (name === null) return;
    const others = (this.#decided.get(name) ?? []).filter((id) => id !== checkId);
    this.#decided.set(name, takenBack ? others : [...others, checkId].slice(-remembered));
  }
}
