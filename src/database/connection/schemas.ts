/** The schema beside `schema`: all that people neither type nor read. */
export const internalSchema = (schema: string): string => `${schema}_internal`;
