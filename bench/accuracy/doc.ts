/** `node bench/accuracy/doc.ts --help` */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig, packageRoot } from '../../src/config.ts';
import { render } from './render.ts';
import { readResults, resultsFile } from './results.ts';

const page = join(packageRoot, 'docs', 'measured', 'accuracy.md');

const { values } = parseArgs({
  options: {
    results: { type: 'string', default: resultsFile(loadConfig()) },
    out: { type: 'string', default: page },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(`Writes docs/measured/accuracy.md from what bench/accuracy/run.ts has measured on whole sets; what people wrote between its markers stays.

  node bench/accuracy/doc.ts [--results FILE] [--out FILE]`);
} else {
  const whole = readResults(values.results).filter(({ sample }) => sample === null);
  if (whole.length === 0) {
    console.error(
      `error: ${values.results} holds no result of a whole set\nRun node bench/accuracy/run.ts without --sample.`,
    );
    process.exitCode = 1;
  } else {
    const before = existsSync(values.out) ? readFileSync(values.out, 'utf8') : '';
    writeFileSync(values.out, render(whole, before));
    console.log(`${relative(process.cwd(), values.out)} written from ${whole.length} results`);
  }
}
