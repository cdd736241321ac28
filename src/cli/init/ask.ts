import { type CANCEL_SYMBOL, cancel, confirm, intro, isCancel, note, outro, select } from '@clack/prompts';
import { TaxonError } from '../../errors.ts';
import { printableLines } from '../../printable.ts';

/** Who answers: a person at a terminal, or the flags alone. */
export interface Asker {
  /** Whether somebody is there. */
  readonly here: boolean;
  begin(text: string): void;
  /** Shows a text under a title. */
  show(title: string, text: string): void;
  /** Shows a text as it is, as wide as it is. */
  plain(text: string): void;
  confirm(question: string, flag: string): Promise<boolean>;
  choose<T>(question: string, options: readonly { value: T; label: string; hint?: string }[]): Promise<T>;
  end(text: string): void;
}

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

/** Nobody: what is likeliest is taken, and every question is answered by --yes. */
export function askNobody(): Asker {
  const say = (text: string) => void process.stdout.write(`${printableLines(text)}\n`);
  return {
    here: false,
    begin: say,
    show: (title, text) => say(`\n${title}\n${text}`),
    plain: say,
    confirm: async () => true,
    async choose(question, [first]) {
      if (first === undefined) throw new TaxonError(`nothing to choose from: ${question}`);
      return first.value;
    },
    end: say,
  };
}
