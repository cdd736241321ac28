import { type CANCEL_SYMBOL, cancel, confirm, intro, isCancel, note, outro, select } from '@clack/prompts';
import { TaxonError } from '../../errors.ts';
import { printableLines } from '../../printable.ts';
import type { Asker } from './ask.ts';

/** Ctrl-C and Escape. */
function answered<T>(given: T | typeof CANCEL_SYMBOL): T {
  if (!isCancel(given)) return given;
  cancel('Nothing more is done.');
  throw new TaxonError('stopped', { hint: 'Run it again at any time: taxon init' });
}

/** A person; questions and texts go to standard error, so that standard output stays the picture. */
export function askPerson(): Asker {
  const output = process.stderr;
  return {
    here: true,
    begin: (text) => intro(text, { output }),
    show: (title, text) => note(printableLines(text), title, { output, format: (line) => line }),
    plain: (text) => void process.stdout.write(`${printableLines(text)}\n`),
    async confirm(question) {
      return answered(await confirm({ message: question, initialValue: true, output }));
    },
    async choose(question, options) {
      const chosen = await select<number>({
        message: question,
        options: options.map(({ label, hint }, value) => ({
          value,
          label: printableLines(label),
          ...(hint === undefined ? {} : { hint }),
        })),
        maxItems: 12,
        output,
      });
      return (options[answered(chosen)] as (typeof options)[number]).value;
    },
    end: (text) => outro(text, { output }),
  };
}
