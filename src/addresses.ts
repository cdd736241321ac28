import * as v from 'valibot';

/** Whether an address can be taken apart. pg's parser, too, helps with a socket's folder as the host, and with what is not encoded. */
function parses(address: string): boolean {
  const withHost = address.replace(/@(?=[/?]|$)/, '@socket');
  return URL.canParse(withHost) || URL.canParse(encodeURI(withHost));
}

/** A password with / ? or # in it ends the host too early: what stands before that is read as host and port. */
function cutPassword(address: string): boolean {
  const [, host = '', path = ''] = /^[^/]*\/\/([^/?#]*)([^?]*)/.exec(address) ?? [];
  return path.includes('@') || (!host.includes('@') && /:.*[^0-9,:]/.test(host) && !host.startsWith('['));
}

/** Address of a PostgreSQL database. Messages say nothing of its value: a password stands in it. */
export const databaseAddress = v.pipe(
  v.string('must be a text'),
  v.rawCheck(({ dataset: { typed, value }, addIssue }) => {
    if (!typed) return;
    const says = (message: string) => addIssue({ message });
    if (!/^postgres(ql)?:\/\//.test(value)) says('must start with postgres://');
    else if (cutPassword(value))
      says('special characters in a password must be encoded: / is %2F, # is %23, ? is %3F, @ is %40');
    else if (!parses(value)) says('must be an address: postgres://USER:PASSWORD@HOST:PORT/DATABASE');
  }),
);

/** Address of a provider's server. */
export const serverAddress = v.pipe(
  v.string('must be a text'),
  v.rawCheck(({ dataset: { typed, value }, addIssue }) => {
    if (!typed) return;
    const says = (message: string) => addIssue({ message });
    if (!/^https?:\/\//.test(value)) says('must start with http:// or https://');
    else if (!URL.canParse(value)) says('must be an address: https://HOST:PORT/v1');
    else if (new URL(value).username !== '' || new URL(value).password !== '')
      says('must hold no login: a key goes into its own variable, e.g. OPENAI_API_KEY');
  }),
);

/** What may be shown of an address that is not valid: how it begins. */
export function beginningOf(value: unknown): string {
  return `"${/^[a-z][a-z0-9+.-]*:\/\//i.exec(String(value))?.[0] ?? ''}…"`;
}
