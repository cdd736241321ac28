import type { Asking } from './as-role.ts';
import type { KindRow, KindsScreen, SaidKindRow } from './kind-shapes.ts';

/** What the screen of kinds shows. */

/** So many kinds at a time; what is decided or skipped leaves room for the next. */
const listed = 20;
/** Longer names are cut, as on all lists. */
const shownCharacters = 300;

/**
 * Open kinds, those first that are worth most, and what was said last.
 *
 * @param kindId this one alone; null: the first ones
 * @param shown  how many names of each are shown, drawn at random
 * @param name   whose decisions are listed: whoever has a token stands in the reason; null: of the person at this machine
 */
export async function kinds(
  ask: Asking,
  kindId: number | null,
  shown: number,
  name: string | null,
): Promise<KindsScreen> {
  const list = await ask.rows<KindRow>(
    `select * from ${ask.at}kinds(most => $1, kind_id => $2, shown => $3)`,
    [listed, kindId, shown],
  );
  const recent = await ask.rows<SaidKindRow>(
    `select k.kind_id, coalesce(nullif(array_to_string(k.words, ' '), ''), '(various)') as words, k.state, ${ask.at}category_path(k.category_id) as path,
            k.size as names, k.run_id, k.said_at as at
       from ${ask.internal}found_kinds k
       where k.said_at is not null and k.said_by = session_user
         and case when $1::text is null then coalesce(k.reason, '') !~ '\\([^()]+\\)$' else right(k.reason, length($1) + 2) = '(' || $1 || ')' end
       order by k.said_at desc limit 10`,
    [name],
  );
  const [age] = await ask.rows<{ found_at: string | null }>(
    `select max(found_at) as found_at from ${ask.internal}found_kinds where parent_id is null`,
  );
  const cut = list.map((kind) => ({
    ...kind,
    votes: kind.votes ?? [],
    members: (kind.members ?? []).map((member) => ({
      ...member,
      name: member.name.slice(0, shownCharacters),
      name_length: Array.from(member.name).length,
    })),
  }));
  return { list: cut, recent, found_at: age?.found_at ?? null };
}
