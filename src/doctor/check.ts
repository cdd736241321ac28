/** One thing that was looked at. */
export interface Check {
  item: string;
  status: 'ok' | 'warn' | 'bad';
  value: string;
  /** What to type, or to do; empty where nothing is. */
  todo: string;
}

export const ok = (item: string, value: string, todo = ''): Check => ({ item, status: 'ok', value, todo });
export const warn = (item: string, value: string, todo: string): Check => ({
  ...{ item, status: 'warn', value, todo },
});
export const bad = (item: string, value: string, todo: string): Check => ({
  ...{ item, status: 'bad', value, todo },
});

/** Bytes for people: `7.6 GB`. */
export const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GB`;
