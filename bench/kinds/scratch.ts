import { writeFileSync } from 'node:fs';
import { loadConfig } from '../../src/config.ts';
import { openDatabase } from '../../src/database/connection/open.ts';
import { readTitles, sampled, titlesFile } from '../accuracy/data.ts';
import { teach } from '../accuracy/teachers.ts';
import { throwAwayServer } from '../trust/throw-away.ts';
import { fill, judge } from './memory.ts';

const source = await readTitles(titlesFile);
const part = sampled(source as never, 57029);
const server = await throwAwayServer(loadConfig());
writeFileSync('/tmp/kinds-url', server.url);
const db = openDatabase(server.url, { schema: 'taxon', poolSize: 2 }, 'bench');
const { train } = teach(part, (process.argv[2] ?? 'original') as never, 1);
const { ids } = await fill(db, part.categories, train, part.train.truth);
console.log('filled', server.url);
await judge(db, ids, train);
console.log('judged');
setInterval(() => {}, 1e9);
