import type { Section } from './section.ts';
import { percent } from './words.ts';

/** What the gate said of the model when it challenged the champion; see the table gate_verdicts. */
export interface Gate {
  challenger: number;
  champion: number | null;
  passed: boolean;
  reasons: readonly string[];
  numbers: Readonly<Record<string, unknown>>;
}

/** Names that both models were asked about, of one kind and branch. */
interface Difference {
  kind?: string;
  path?: string;
  names?: number;
  better?: number;
  worse?: number;
}

const list = (value: unknown): Difference[] => (Array.isArray(value) ? (value as Difference[]) : []);

/** The section of the gate: its reasons, and where challenger and champion differ. */
export function gateSection({ champion, passed, reasons, numbers }: Gate): Section {
  const { coverage } = numbers as { coverage?: { champion?: number | null; challenger?: number | null } };
  return {
    id: 'gate',
    title: 'The gate',
    says: [
      `${passed ? 'It passed' : 'It was refused'}${champion === null ? '' : `, beside model ${champion}`}.`,
      ...reasons,
      ...(coverage == null
        ? []
        : [
            `Within the promise it would answer ${percent(coverage.challenger ?? null)} of cache misses, the champion ${percent(coverage.champion ?? null)}.`,
          ]),
    ],
    rows: list(numbers.differences).map(({ kind, path, names, better, worse }) => ({
      'judged by': kind ?? '',
      branch: path ?? '',
      names: names ?? 0,
      better: better ?? 0,
      worse: worse ?? 0,
    })),
  };
}
