/**
 * Reasoning that a model wrote before its answer, in the wrappings that servers leave in the text (docs/guide/providers.md says
 * where they were read). It drafts answers, and a draft is no answer.
 */

/** `<think>`, `<seed:think>`, `[THINK]`, `◁think▷`, `<|START_THINKING|>` and their kin; a closing one has the slash or END in it. */
const tag =
  /[<[◁]\|?(?<close>\/|END_|end_of_)?(?:start_|begin_of_)?(?:\w+:)?(?:think|thinking|thought|thoughts|reasoning|reasoning_content|reflection|analysis)\|?[>\]▷]/giu;

/** gpt-oss: a channel begins, its text follows; what comes after the last one of the kind "final" is the answer. */
const channel = /<\|?channel\|?>\s*(?<name>\w+)[^<{[]*(?:<\|constrain\|>\s*\w+\s*)?(?:<\|message\|>)?/gu;
const channelEnd = /<\|(?:end|return|start|channel|call)\|>|<channel\|>/u;
/** The same where a server swallowed the marks. */
const bareChannel = /^\s*analysis[\s\S]*assistant\s*final/u;

/** The text of the last final channel; undefined where the text has no channels. */
function finalChannel(text: string): string | undefined {
  const channels = [...text.matchAll(channel)];
  const last = channels.at(-1);
  if (last === undefined) return undefined;
  const final = channels.findLast(({ groups }) => groups?.name === 'final');
  if (final !== undefined) {
    const said = text.slice(final.index + final[0].length);
    return said.split(channelEnd)[0] ?? '';
  }
  // Gemma ends a channel by a mark of its own, and answers outside of any
  const end = text.lastIndexOf('<channel|>');
  return end > last.index ? text.slice(end + '<channel|>'.length) : '';
}

/**
 * What a model said after its reasoning. Without wrappings that is the whole text; of reasoning that never ends nothing is
 * left.
 *
 * - pairs are taken out, nested ones too
 * - a closing tag alone: its opening one was the end of the prompt, so all before it is reasoning
 * - an opening tag alone: all behind it is
 */
export function withoutReasoning(text: string): string {
  const final = finalChannel(text);
  if (final !== undefined) return final;
  const bare = bareChannel.exec(text);
  if (bare !== null) return text.slice(bare[0].length);
  let said = '';
  let from = 0;
  let depth = 0;
  for (const { index, 0: found, groups } of text.matchAll(tag)) {
    if (groups?.close !== undefined) {
      if (depth === 0) said = '';
      else depth--;
      from = index + found.length;
    } else {
      if (depth === 0) said += text.slice(from, index);
      depth++;
    }
  }
  return depth === 0 ? said + text.slice(from) : said;
}

/** All behind the last opening tag that nothing closes; undefined where all are closed. */
export function unclosed(text: string): string | undefined {
  let last: number | undefined;
  for (const { index, 0: found, groups } of text.matchAll(tag))
    last = groups?.close === undefined ? index + found.length : undefined;
  return last === undefined ? undefined : text.slice(last);
}
