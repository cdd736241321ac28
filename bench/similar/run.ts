/** `node bench/similar/run.ts --help` */
import { existsSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { startCluster, stopCluster } from '../../src/cluster/cluster.ts';
import { loadConfig, packageRoot } from '../../src/config.ts';
import { ensureDatabase } from '../../src/database/connection/databases.ts';
import { progress } from '../../src/progress.ts';
import { show } from '../measure.ts';
import { titlesFile } from '../scale/names.ts';
import { render, rowsOf } from './doc.ts';
import { dropDatabase, openMemory, sizes } from './memory.ts';
import { changedNames, otherTitles } from './names.ts';
import { type Raced, race } from './race.ts';

const page = join(packageRoot, 'docs', 'measured', 'similar.md');
const { values } = parseArgs({
  options: {
    labels: { type: 'string', default: '1000000' },
    names: { type: 'string', default: '1500' },
    doc: { type: 'boolean', default: false },
    anew: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const [labels, wanted] = [Number(values.labels), Number(values.names)];
if (values.help) {
  console.log(`Similar look-up by signatures beside the same by the index of trigrams, one after the other for each name: milliseconds of wall
and of processor time a name, and whether they find the same allowed match. Names are labelled ones with one word changed, and
titles of another file; as many others are looked up before, so that pages are in memory as in a server that has run for a while. Memory is the first --labels names of ${relative(packageRoot, titlesFile)}, in a database of
the private cluster (TAXON_DATA_DIR) that is made once, in some minutes, and kept; --anew makes it again, to measure signing too.

  node bench/similar/run.ts [--labels 1000000] [--names 1500] [--anew] [--doc] [--json]

--doc writes ${relative(packageRoot, page)}.`);
  process.exit(0);
}
if (!existsSync(titlesFile)) {
  console.error(`skipped: ${titlesFile} is not there`);
  process.exit(0);
}

const config = loadConfig();
const cluster = await startCluster(config.dataDir);
const name = `similar_${labels}`;
if (values.anew) await dropDatabase(cluster.url('postgres'), name);
await ensureDatabase(cluster.url('postgres'), name);
const url = cluster.url(name);
const { db, made } = await openMemory(url, labels);
const sets: Record<string, string[]> = {
  'one word changed': await changedNames(db, 2 * wanted),
  'other titles': await otherTitles(db, 2 * wanted),
};
const results: Record<string, Raced> = {};
for (const [set, found] of Object.entries(sets)) {
  if (found.length === 0) continue;
  const half = Math.floor(found.length / 2);
  const [before, names] = [found.slice(0, half), found.slice(half)];
  const bar = progress(set, names.length, 'names');
  results[set] = await race(url, names, before, (done) => bar.at(done));
  bar.end();
}
const measured = { labels, made, bytes: await sizes(db), machine: machine(), results };
await db.close();
if (cluster.started) await stopCluster(config.dataDir);
show(values.json, rowsOf(measured));
if (values.doc) writeFileSync(page, render(measured));

function machine(): string {
  const [first] = cpus();
  const version = process.versions.node;
  return `${cpus().length} cores (${first?.model.trim() ?? '?'}), Node ${version}, ${new Date().toISOString().slice(0, 10)}`;
}
