/** Numbers and names as people read them. */

const unseen = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** A name of a stranger: what is not seen, or turns the text after it, stands there by its number. */
export function shown(text: string, length = text.length): string {
  const visible = text.replaceAll(
    unseen,
    (sign) => `⟨U+${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`,
  );
  return length > text.length ? `${visible} … (${count(length)} characters)` : visible;
}

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

export const count = (value: number | null): string => (value === null ? '–' : whole.format(value));

/** 1234567 → 1.2 M */
export function short(value: number | null): string {
  if (value === null) return '–';
  const size = Math.abs(value);
  if (size < 10_000) return count(value);
  const [by, unit] = size < 1e6 ? [1e3, 'k'] : size < 1e9 ? [1e6, 'M'] : [1e9, 'bn'];
  return `${(value / by).toFixed(size / by < 100 ? 1 : 0)} ${unit}`;
}

export function percent(share: number | null, digits = 1): string {
  return share === null ? '–' : `${(share * 100).toFixed(digits)} %`;
}

export function money(dollars: number | null): string {
  if (dollars === null) return 'price not known';
  const size = Math.abs(dollars);
  return `$${dollars.toFixed(size >= 100 ? 0 : size >= 0.1 || size === 0 ? 2 : 4)}`;
}

/** A confidence or threshold: 0.87 */
export const level = (value: number | null): string => (value === null ? '–' : value.toFixed(2));

export function day(moment: string | null): string {
  return moment === null ? '–' : moment.slice(0, 16).replace('T', ' ');
}

export function ago(moment: string, now = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(moment)) / 1000);
  return seconds < 60 ? 'just now' : `${span(seconds)} ago`;
}

/** 240 → 4 min */
export function span(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${count(n)} ${n === 1 ? one : many}`;
