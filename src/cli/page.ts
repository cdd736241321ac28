import { writeParts } from '../atomic-file.ts';
import { misuse } from '../errors.ts';
import { reportPage } from '../report/page.ts';
import type { Shown } from '../report/tables.ts';

/** Refuses a file that is not meant to be a page: the command overwrites it. */
export function pageFile(file: string): string {
  if (/\.html?$/i.test(file)) return file;
  throw misuse(`${file} is no .html file`, 'The report is one HTML page: name it so, such as report.html');
}

/** Writes the report as a page, whole or not at all. */
export function writePage(file: string, shown: Shown): void {
  writeParts(file, [reportPage(shown)]);
}
