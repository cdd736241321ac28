import type { Database } from '../database/connection/open.ts';
import { shareInterval } from '../database/xray.ts';
import type { Counted } from './types.ts';

/** A share of which so many events were seen in so many trials, with its interval. */
export async function count(db: Database, events: number, trials: number): Promise<Counted> {
  const { low, high } = await shareInterval(db, events, trials);
  return { share: trials === 0 ? 0 : events / trials, low, high, of: trials };
}
