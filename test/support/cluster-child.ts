// A process of its own for tests of several at once. Arguments: start DATA_DIR | hold LOCK_FILE | temporary.
import { startCluster } from '../../src/cluster/cluster.ts';
import { withLock } from '../../src/cluster/lock.ts';
import { temporaryDataDir } from './cluster.ts';

const [what, path = ''] = process.argv.slice(2);
const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
const forEver = () => new Promise(() => setInterval(() => {}, 1000));
if (what === 'start') {
  const { pid, started } = await startCluster(path, { throwAway: true });
  say({ pid, started });
} else if (what === 'hold') {
  await withLock(path, 30, async () => {
    say('held');
    await forEver();
  });
} else if (what === 'temporary') {
  const { dataDir } = temporaryDataDir();
  const { pid } = await startCluster(dataDir, { throwAway: true });
  say({ dataDir, pid });
  await forEver();
} else {
  throw new Error(`unknown: ${what}`);
}
