import { Refusal } from './http.ts';

/** The part of JSON schema that is looked at. */
export type JsonSchema = Record<string, unknown>;

/** How answers are written: a list of elements, inside an object or not, with these names for their parts. */
export interface Form {
  /** The property that holds the list; undefined: the list is the whole. */
  list: string | undefined;
  /** Undefined: elements are not numbered, and stand in the order asked. */
  item: string | undefined;
  id: string;
  confidence: string | undefined;
  /** Ids are strings. */
  idText: boolean;
  /** The ids that the schema allows; undefined: any. */
  ids: ReadonlySet<number> | undefined;
}

/** What prompts ask for in words. */
export const formInWords: Form = {
  list: 'answers',
  item: 'item',
  id: 'id',
  confidence: 'confidence',
  idText: false,
  ids: undefined,
};

/** OpenAI refuses more; Anthropic's limit is not published. */
const mostEnumValues = 1000;

function child(schema: unknown, key: string): JsonSchema | undefined {
  const found = (schema as JsonSchema | undefined)?.[key];
  return typeof found === 'object' && found !== null ? (found as JsonSchema) : undefined;
}

/** The first property whose name says what it is for. */
function named(properties: JsonSchema, pattern: RegExp): string | undefined {
  return Object.keys(properties).find((name) => pattern.test(name));
}

/** Everything that both providers refuse in a schema that must be kept to the letter. @throws Refusal (400) */
function checkStrict(schema: JsonSchema): void {
  let enumValues = 0;
  const visit = (node: unknown, path: string): void => {
    if (typeof node !== 'object' || node === null) return;
    const { type, properties, required, additionalProperties, enum: values } = node as JsonSchema;
    if (Array.isArray(values)) enumValues += values.length;
    if (type === 'object') {
      if (additionalProperties !== false)
        throw new Refusal(400, `invalid json_schema at ${path}: additionalProperties must be false`);
      const names = Object.keys((properties ?? {}) as object);
      const missing = names.filter((name) => !Array.isArray(required) || !required.includes(name));
      if (missing.length > 0)
        throw new Refusal(400, `invalid json_schema at ${path}: required lacks ${missing.join(', ')}`);
      for (const name of names) visit((properties as JsonSchema)[name], `${path}.${name}`);
    }
    visit((node as JsonSchema).items, `${path}[]`);
  };
  visit(schema, '$');
  if (enumValues > mostEnumValues)
    throw new Refusal(400, `invalid json_schema: ${enumValues} enum values, at most ${mostEnumValues}`);
}

/**
 * Reads from a schema how answers are to be written. A real model would fill any schema; this one knows only lists of
 * answers with an id, and refuses others rather than answer something else.
 *
 * @throws Refusal (400)
 */
export function formOf(schema: JsonSchema, strict: boolean): Form {
  if (strict) checkStrict(schema);
  const properties = child(schema, 'properties') ?? {};
  const list =
    schema.type === 'array'
      ? undefined
      : Object.keys(properties).find((name) => child(properties, name)?.type === 'array');
  const array = schema.type === 'array' ? schema : child(properties, list ?? '');
  const parts = child(child(array, 'items'), 'properties') ?? {};
  const id = named(parts, /^(id|category|category_?id|c)$/i);
  if (id === undefined)
    throw new Refusal(400, 'the simulator knows only schemas of a list of objects with an id');
  const idSchema = child(parts, id);
  const values = idSchema?.enum;
  return {
    list,
    item: named(parts, /^(item|number|no|n|i)$/i),
    id,
    confidence: named(parts, /^(confidence|probability|conf|p)$/i),
    idText: idSchema?.type === 'string' || (Array.isArray(values) && typeof values[0] === 'string'),
    ids: Array.isArray(values) ? new Set(values.map(Number)) : undefined,
  };
}

/** One name's answer, before it is written down. */
export interface Answer {
  item: number;
  id: number;
  confidence: number;
}

/** The JSON that the form asks for. */
export function written(form: Form, answers: readonly Answer[]): string {
  const elements = answers.map(({ item, id, confidence }) => ({
    ...(form.item === undefined ? {} : { [form.item]: item }),
    [form.id]: form.idText ? String(id) : id,
    ...(form.confidence === undefined ? {} : { [form.confidence]: confidence }),
  }));
  return JSON.stringify(form.list === undefined ? elements : { [form.list]: elements });
}
