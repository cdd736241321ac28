/** The sidecar's two loops that bench/attach/run.ts measures, in a process of their own, with a model that costs nothing. */
import { loadConfig } from '../../src/config.ts';
import { openDatabase } from '../../src/database/connection/open.ts';
import { runAttachedLoop } from '../../src/sidecar/attached.ts';
import { Claims } from '../../src/sidecar/claims.ts';
import { runLocalLoop } from '../../src/sidecar/local/loop.ts';
import { shopPace } from '../../src/sidecar/shop-pace.ts';
import { createWaker } from '../../src/sidecar/waker.ts';
import { noOpChampion } from '../serving/no-op.ts';

const [url] = process.argv.slice(2) as [string];
const config = loadConfig();
const db = openDatabase(url, { schema: 'taxon', poolSize: 7 }, 'bench worker');
const stopping = new AbortController();
const pace = shopPace();
const loops = [
  runAttachedLoop({ db, config, waker: createWaker(), pace, stopping: stopping.signal }),
  runLocalLoop({
    stage: { db, worker: `bench-${process.pid}`, champion: noOpChampion(1), onWatched: async () => {} },
    brief: db,
    claims: new Claims(config.leaseSeconds),
    config,
    waker: createWaker(),
    pace,
    stopping: stopping.signal,
    announce: async () => {},
    onPassedOn: () => {},
  }).done,
];
process.once('SIGTERM', async () => {
  stopping.abort();
  await Promise.race([Promise.all(loops), new Promise((later) => setTimeout(later, 5000))]);
  process.exit(0);
});
process.send?.('ready');
