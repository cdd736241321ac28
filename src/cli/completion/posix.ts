import { downs, listed, type Place, valued, type Word } from './tree.ts';

/** A word of bash or zsh that stands for itself. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
const any = (keys: readonly string[]) => keys.map(quoted).join(' | ');
const wordsOf = (words: readonly { word: string }[]) => words.map(({ word }) => word).join(' ');

/** The cases of a loop over the words before the cursor: `next` is 1 when the cursor is on the word behind this one. */
function walk(places: readonly Place[], values: (of: readonly string[]) => string): string {
  const known = listed(places).map(
    (one) => `      ${quoted(one.key)}) ((next)) && { ${values(one.values)}; return; }; i=$((i + 1)) ;;`,
  );
  return [
    `      ${any(downs(places))}) at="\${at:+$at }$word" ;;`,
    `      ${any(valued(places))}) ((next)) && { ${values([])}; return; }; i=$((i + 1)) ;;`,
    ...known,
  ].join('\n');
}

/** Completion for bash, from version 3.2. Where nothing fits, bash completes file names. */
export function bashCompletion(places: readonly Place[]): string {
  const reply = (words: readonly string[]) =>
    words.length === 0 ? ':' : `COMPREPLY=($(compgen -W ${quoted(words.join(' '))} -- "$cur"))`;
  const cases = places.map(
    ({ at, words, flags }) =>
      `    ${quoted(at)}) words=${quoted(wordsOf(words))} flags=${quoted(wordsOf(flags))} ;;`,
  );
  return `# Completion of taxon for bash: source <(taxon completion bash)
_taxon() {
  local at='' cur=\${COMP_WORDS[COMP_CWORD]} i next word words='' flags=''
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]} next=$((i + 1 == COMP_CWORD))
    case "$at|$word" in
${walk(places, reply)}
    esac
  done
  case "$at" in
${cases.join('\n')}
  esac
  [[ $cur == -* ]] && words=$flags
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _taxon taxon pgtaxon
`;
}

/** Completion for zsh, with what each word means. */
export function zshCompletion(places: readonly Place[]): string {
  const described = (words: readonly Word[]) =>
    words.map(({ word, says }) => quoted(says === '' ? word : `${word}:${says}`)).join(' ');
  const reply = (words: readonly string[]) =>
    words.length === 0 ? '_files' : `compadd -- ${words.map(quoted).join(' ')}`;
  const cases = places.map(
    ({ at, words, flags }) =>
      `    ${quoted(at)})\n      commands=(${described(words)})\n      flags=(${described(flags)}) ;;`,
  );
  return `#compdef taxon pgtaxon
# Completion of taxon for zsh: source <(taxon completion zsh), or as _taxon in a folder of $fpath
_taxon() {
  local at='' i next word
  local -a commands flags
  for ((i = 2; i < CURRENT; i++)); do
    word=\${words[i]} next=$((i + 1 == CURRENT))
    case "$at|$word" in
${walk(places, reply)}
    esac
  done
  case "$at" in
${cases.join('\n')}
  esac
  if [[ \${words[CURRENT]} == -* ]]; then
    _describe option flags
  elif (($#commands)); then
    _describe command commands
  else
    _files
  fi
}
if [[ "\${funcstack[1]}" == _taxon ]]; then _taxon "$@"; else compdef _taxon taxon pgtaxon; fi
`;
}
