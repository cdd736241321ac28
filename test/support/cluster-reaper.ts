// Destroys throw-away clusters when the process that made them is gone, however it went: SIGKILL closes a pipe too.
// Arguments: the temporary folder. Ends when its standard input does.
import { rmSync } from 'node:fs';
import { destroyCluster } from '../../src/cluster/cluster.ts';

const folder = process.argv[2];
if (folder === undefined) throw new Error('usage: cluster-reaper.ts FOLDER');
process.stdin.resume().on('end', async () => {
  await destroyCluster(folder);
  rmSync(folder, { recursive: true, force: true });
});
