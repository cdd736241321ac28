import { downs, listed, type Place, valued } from './tree.ts';

/** A word of fish that stands for itself. */
const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** Completion for fish, with what each word means. */
export function fishCompletion(places: readonly Place[]): string {
  const skipped = [...valued(places), ...listed(places).map(({ key }) => key)];
  const lines = places.flatMap(({ at, words, flags }) => {
    const here = `complete -c taxon -n ${quoted(`__taxon_is_at ${quoted(at)}`)}`;
    return [
      ...words.map(({ word, says }) => `${here} -f -a ${quoted(word)} -d ${quoted(says)}`),
      ...flags.map(({ word, says, valued: follows, values }) => {
        const value = values.length > 0 ? ` -x -a ${quoted(values.join(' '))}` : follows ? ' -r' : '';
        return `${here} -l ${word.slice(2)}${value} -d ${quoted(says)}`;
      }),
    ];
  });
  return `# Completion of taxon for fish: taxon completion fish > ~/.config/fish/completions/taxon.fish
function __taxon_is_at
    set -l at ''
    set -l skip 0
    for word in (commandline -opc)[2..]
        if test $skip = 1
            set skip 0
            continue
        end
        switch "$at|$word"
            case ${downs(places).map(quoted).join(' ')}
                set at (string trim "$at $word")
            case ${skipped.map(quoted).join(' ')}
                set skip 1
        end
    end
    test "$at" = "$argv[1]"
end
${lines.join('\n')}
complete -c pgtaxon -w taxon
`;
}
