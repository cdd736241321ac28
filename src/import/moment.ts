/** A date, or a date and a time as ISO 8601 and PostgreSQL write them, with or without an offset. */
const form =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?\s*(Z|UTC|[+-]\d\d(?::?\d\d)?)?)?$/i;

/** Minutes that an offset such as +02, +0530 or -03:00 is ahead of UTC; null for one that no clock has. */
function offsetMinutes(offset: string): number | null {
  const digits = /^([+-])(\d\d):?(\d\d)?$/.exec(offset);
  if (digits === null) return 0; // Z or UTC
  const minutes = Number(digits[2]) * 60 + Number(digits[3] ?? 0);
  if (minutes > 15 * 60 || Number(digits[3] ?? 0) > 59) return null;
  return digits[1] === '-' ? -minutes : minutes;
}

/**
 * The moment that a text names, as an ISO timestamp in UTC with milliseconds; null where it names none. A date is its first moment and
 * a time without an offset is UTC, so that a file means the same on every machine.
 */
export function readMoment(text: string): string | null {
  const found = form.exec(text.trim());
  if (found === null) return null;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (hour > 23 || minute > 59 || second > 59) return null;
  const milliseconds = Number((found[7] ?? '').slice(0, 3).padEnd(3, '0'));
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second, milliseconds));
  // 30 February would be taken for 1 or 2 March, and the year 0 for 1900
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day)
    return null;
  const ahead = offsetMinutes(found[8] ?? 'Z');
  return ahead === null ? null : new Date(date.getTime() - ahead * 60_000).toISOString();
}
