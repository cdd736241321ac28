import type { Kind, KindMember } from '../database/kind-types.ts';
import type { KindDecision } from '../database/kinds.ts';
import { printable } from '../printable.ts';

/** Longest path that is shown whole beside its votes. */
const pathWidth = 46;

const count = (n: number) => Math.round(n).toLocaleString('en-US');
const plural = (n: number, one: string) => `${count(n)} ${n === 1 ? one : `${one}s`}`;

/** Cut to so many characters, padded with spaces. */
function cell(text: string, width: number): string {
  const plain = printable(text, 500);
  return plain.length > width ? `${plain.slice(0, width - 1)}…` : plain.padEnd(width);
}

/** What tells paths apart stands at their end. */
function pathCell(path: string, width: number): string {
  const plain = printable(path, 500);
  return plain.length > width ? `…${plain.slice(1 - width)}` : plain.padEnd(width);
}

/** What a decision is worth, as far as it is known. */
function worth({ likely_wrong, tokens_a_month, checks, names }: Kind): string {
  const parts = [
    ...(likely_wrong > 0
      ? [`correct about ${plural(likely_wrong, 'answer')}`]
      : [`settle ${plural(names, 'answer')}`]),
    ...(tokens_a_month === null || tokens_a_month === 0
      ? []
      : [`save up to ${count(tokens_a_month)} tokens a month`]),
    ...(checks === 0 ? [] : [`judge up to ${plural(checks, 'open check')}`]),
  ];
  return `Decide this kind: ${parts.join(', ')}.`;
}

const reasons: Record<string, string> = {
  agreed: 'the model and memory agree against the answer',
  model: 'the model speaks against the answer',
  memory: 'memory speaks against the answer',
  perhaps: 'memory has both: most other names speak against the answer, some for it',
  judged: 'audits speak against the answer',
  name: 'a category is called like these names',
  near: 'the kinds nearest to it have another answer',
  waiting: 'these names have no answer',
  quiet: 'nothing speaks against the answer',
  unmarked: 'you took these out of another kind',
};

/** What the unmarked sample would prove. */
function proves(drawn: number, others: number): string {
  if (others === 0) return 'You see all of them.';
  const wrong = Math.ceil(100 * (1 - 0.05 ** (1 / drawn)));
  return `If all ${drawn} drawn at random belong, at most ${wrong} % of the other ${count(others)} are wrong (95 %).`;
}

function nameLine(
  member: KindMember,
  unmarked: ReadonlySet<number>,
  most: string | null,
  width: number,
): string {
  const mark = unmarked.has(member.n) ? '✗' : ' ';
  const other =
    member.path !== most && member.path !== null
      ? `  ${pathCell(member.path.split(' > ').at(-1) ?? '', 20)}`
      : '';
  const why = member.odd === null || member.at_random ? '' : `  ${member.odd}`;
  const room = width - 8 - other.length - why.length;
  return `${mark} ${String(member.n).padStart(4)}  ${cell(member.name, room)}${other}${why}`.trimEnd();
}

/**
 * One kind as a screen of text.
 *
 * @param place    its place among those of this session, from 1
 * @param unmarked numbers of names that do not belong
 * @param width    columns of the terminal
 */
export function kindScreen(kind: Kind, place: number, unmarked: ReadonlySet<number>, width: number): string {
  const odd = kind.members.filter(({ at_random }) => !at_random);
  const drawn = kind.members.filter(({ at_random }) => at_random);
  const seen = new Set(kind.members.map(({ n }) => n));
  const most = kind.votes.reduce<{ path: string; now: number } | null>(
    (best, vote) => (vote.now > (best?.now ?? 0) ? vote : best),
    null,
  );
  const list = (members: readonly KindMember[]) =>
    members.map((member) => nameLine(member, unmarked, most?.path ?? null, width));
  const size = plural(kind.names, 'name');
  const title = `${place}  ${printable(kind.words, 60)}`;
  const columns = Math.min(pathWidth, width - 34);
  return [
    '',
    '─'.repeat(width),
    `${title.padEnd(width - size.length - 1)} ${size}`,
    `   ${reasons[kind.why] ?? kind.why}`,
    '',
    `   ${''.padEnd(columns)}  ${['now', 'model', 'memory', 'llm'].map((who) => who.padStart(6)).join(' ')}`,
    ...kind.votes.map(
      (vote, i) =>
        ` ${i + 1} ${pathCell(vote.path, columns)}  ${[vote.now, vote.model, vote.memory, vote.llm]
          .map((n) => (n === 0 ? '·' : String(n)).padStart(6))
          .join(' ')}`,
    ),
    ...(odd.length === 0 ? [] : ['', '  Odd ones, not drawn at random:', ...list(odd)]),
    '',
    `  ${drawn.length} of ${count(kind.names)}, drawn at random:`,
    ...list(drawn),
    '',
    worth(kind),
    unmarked.size === 0
      ? proves(drawn.length, kind.names - seen.size)
      : `${plural(unmarked.size, 'name')} unmarked: what is marked here is decided, the rest is split.`,
    kind.votes.length === 0
      ? 'c choose what these are   x unmark   m more names'
      : 'a all of these are 1   1-8 are that one   c another   x unmark   m more names',
    's split further   n not sure   k skip   u undo   q quit',
    '',
  ].join('\n');
}

/** What was done, in a line or two. */
export function decided(of: KindDecision): string {
  const did = [
    `${plural(of.labels, 'name')}: ${of.path}`,
    `${count(of.corrected)} had another answer`,
    ...(of.rows_corrected === 0 ? [] : [`${plural(of.rows_corrected, 'row')} corrected`]),
    ...(of.rows_asked_again === 0 ? [] : [`${plural(of.rows_asked_again, 'row')} decided again`]),
    ...(of.left_out === 0 ? [] : [`${count(of.left_out)} left out`]),
    ...(of.checks === 0 ? [] : [`${plural(of.checks, 'check')} judged`]),
    ...(of.parts.length === 0 ? [] : [`split into ${of.parts.length}`]),
  ];
  return `${did.join(', ')} (run ${of.run_id})\n${of.proof}\n`;
}
