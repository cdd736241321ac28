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
