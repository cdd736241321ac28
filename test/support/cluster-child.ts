// A process of its own for tests of several at once. Arguments: start DATA_DIR | hold LOCK_FILE | temporary.
import { startCluster } from '../../src/cluster/cluster.ts';
import { withLock } from '../../src/cluster/lock.ts';
import { postgres, temporaryDataDir } from './cluster.ts';

const [what, path = ''] = process.argv.slice(2);
const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
// The timer has to hold the promise: one that nothing can settle is collected, with all that waits for it and the lock.
const forEver = () => new Promise((settle) => setInterval(() => settle === undefined, 1000));
if (what === 'start') {
  const { pid, started } = await startCluster(path, { postgres, throwAway: true });
  say({ pid, started });
} else if (what === 'hold') {
  await withLock(path, 30, async () => {
    say('held');
    await forEver();
  });
} else if (what === 'temporary') {
  const { dataDir } = temporaryDataDir();
  const { pid } = await startCluster(dataDir, { postgres, throwAway: true });
  say({ dataDir, pid });
  await forEver();
} else {
  throw new Error(`unknown: ${what}`);
}
