import { schemas } from '../generated/records';
import type { ProjectView, TrainingView } from '../generated/records';

/** The part of JSON schema that the generated schemas use. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: ReadonlyArray<string>;
  readonly anyOf?: ReadonlyArray<Schema>;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
}

const SCHEMAS: Readonly<Record<string, Schema>> = schemas;

/** What arrived is not the record that was expected; the message names the path. */
export class DecodeError extends Error {}

/** The value as a ProjectView. Throws DecodeError with the path of the first wrong field. */
export function decodeProject(value: unknown): ProjectView {
  return decode({ $ref: '#/ProjectView' }, value, 'project') as ProjectView;
}

/** The value as a TrainingView. Throws DecodeError with the path of the first wrong field. */
export function decodeTraining(value: unknown): TrainingView {
  return decode({ $ref: '#/TrainingView' }, value, 'training') as TrainingView;
}

/** Whether the value is an object with named fields. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function decode(schema: Schema, value: unknown, path: string): unknown {
  if (schema.$ref !== undefined) {
    return decode(SCHEMAS[schema.$ref.slice(2)] ?? {}, value, path);
  }
  if (schema.enum !== undefined) {
    return demand(schema.enum.includes(String(value)), value, path);
  }
  if (schema.anyOf !== undefined) {
    return decodeAny(schema.anyOf, value, path);
  }
  switch (schema.type) {
    case 'object':
      return decodeObject(schema, value, path);
    case 'array':
      return decodeArray(schema, value, path);
    default:
      return decodePlain(schema.type, value, path);
  }
}

function decodePlain(type: string | undefined, value: unknown, path: string): unknown {
  switch (type) {
    case 'number':
      return decodeNumber(value, path);
    case 'integer':
      return demand(Number.isInteger(value), value, path);
    case 'null':
      return demand(value === null, value, path);
    default:
      return demand(typeof value === type, value, path);
  }
}

function demand(holds: boolean, value: unknown, path: string): unknown {
  if (!holds) {
    throw new DecodeError(`${path}: ${JSON.stringify(value) ?? 'missing'}`);
  }
  return value;
}

/** JSON has no NaN: encoders send null or a word instead. */
function decodeNumber(value: unknown, path: string): number {
  const isNoNumber = value === null || /^-?(nan|inf(inity)?)$/i.test(String(value));
  return isNoNumber ? NaN : Number(demand(typeof value === 'number', value, path));
}

function decodeAny(choices: ReadonlyArray<Schema>, value: unknown, path: string): unknown {
  if (value === null && choices.some(choice => choice.type === 'null')) {
    return null;
  }
  const others = choices.filter(choice => choice.type !== 'null');
  for (const choice of others.slice(0, -1)) {
    try {
      return decode(choice, value, path);
    } catch {
      continue;
    }
  }
  return decode(others[others.length - 1] ?? { type: 'null' }, value, path);
}

function decodeArray(schema: Schema, value: unknown, path: string): unknown[] {
  if (!Array.isArray(value)) {
    throw new DecodeError(`${path}: ${JSON.stringify(value) ?? 'missing'}`);
  }
  return value.map((item, index) => decode(schema.items ?? {}, item, `${path}[${index}]`));
}

/** Fields that we do not know are left out: a newer kernel may say more. */
function decodeObject(schema: Schema, value: unknown, path: string): unknown {
  if (!isObject(value)) {
    throw new DecodeError(`${path}: ${JSON.stringify(value) ?? 'missing'}`);
  }
  const fields =
    schema.properties === undefined
      ? Object.keys(value).map(key => [key, schema.additionalProperties ?? {}] as const)
      : Object.entries(schema.properties);
  return Object.fromEntries(
    fields.map(([key, part]) => [key, decode(part, value[key], `${path}.${key}`)])
  );
}
