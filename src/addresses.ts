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

/** A text, of which `fault` says what is wrong with it as an address: nothing of its value, in which a password may stand. */
const address = (fault: (value: string) => string | undefined) =>
  v.pipe(
    v.string('must be a text'),
    v.rawCheck(({ dataset, addIssue }) => {
      const message = dataset.typed ? fault(dataset.value) : undefined;
      if (message !== undefined) addIssue({ message });
    }),
  );

/** Address of a PostgreSQL database. */
export const databaseAddress = address((value) => {
  if (!/^postgres(ql)?:\/\//.test(value)) return 'must start with postgres://';
  if (cutPassword(value))
    return 'special characters in a password must be encoded: / is %2F, # is %23, ? is %3F, @ is %40';
  if (!parses(value)) return 'must be an address: postgres://USER:PASSWORD@HOST:PORT/DATABASE';
});

/** Address of a provider's server. */
export const serverAddress = address((value) => {
  if (!/^https?:\/\//.test(value)) return 'must start with http:// or https://';
  if (!URL.canParse(value)) return 'must be an address: https://HOST:PORT/v1';
  if (new URL(value).username !== '' || new URL(value).password !== '')
    return 'must hold no login: a key goes into its own variable, e.g. OPENAI_API_KEY';
});

/** What may be shown of an address that is not valid: how it begins. */
export function beginningOf(value: unknown): string {
  return `"${/^[a-z][a-z0-9+.-]*:\/\//i.exec(String(value))?.[0] ?? ''}…"`;
}
