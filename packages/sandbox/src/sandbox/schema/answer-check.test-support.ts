// Checks an answer or a webhook of the sandbox against Stripe's own types.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { ROOTS } from './stripe-schema.test-support.ts';

const FILE = join(import.meta.dirname, 'stripe-objects.schema.jsonl');
const SCHEMA_ID = 'stripe';

/** Objects without a type in the package: those for Stripe's own page and CLI, and the answer to a deletion. */
const WITHOUT_TYPE: ReadonlySet<unknown> = new Set(['payment_page', 'deleted']);

/** The schema of errors, written by hand: the package has classes for errors, but no type of their JSON. */
const ERROR = {
  type: 'object',
  properties: {
    error: {
      type: 'object',
      properties: {
        type: { enum: ['api_error', 'card_error', 'idempotency_error', 'invalid_request_error'] },
        code: { type: 'string' },
        decline_code: { type: 'string' },
        charge: { type: 'string' },
        doc_url: { type: 'string' },
        message: { type: 'string' },
        param: { type: 'string' },
        payment_intent: { type: 'object' },
        payment_method: { type: 'object' },
        request_log_url: { type: 'string' },
      },
      required: ['type', 'message'],
      additionalProperties: false,
    },
  },
  required: ['error'],
  additionalProperties: false,
};

type Json = Readonly<Record<string, unknown>>;

let ajv: Ajv | undefined;
const validators = new Map<string, ValidateFunction>();

function validator(name: string): ValidateFunction {
  const known = validators.get(name);
  if (known) return known;
  ajv ??= new Ajv({ allowUnionTypes: true, verbose: true }).addSchema({ $id: SCHEMA_ID, definitions: readDefinitions() });
  const compiled = ajv.compile(name === 'error' ? ERROR : { $ref: `${SCHEMA_ID}#/definitions/${name}` });
  validators.set(name, compiled);
  return compiled;
}

function readDefinitions(): Json {
  const lines = readFileSync(FILE, 'utf8').split('\n');
  return Object.fromEntries(lines.filter((line) => line !== '').map((line) => JSON.parse(line) as [string, unknown]));
}

/** Returns what is wrong with a value. Empty: it agrees with Stripe's types. */
export function problemsOf(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [`no object: ${JSON.stringify(value)}`];
  const json = value as Json;
  const { object } = json;
  if ('error' in json)
    return [...judge('error', json), ...inside(json, ['error', 'payment_intent']), ...inside(json, ['error', 'payment_method'])];
  if (object === 'list' || ('data' in json && 'next_page_url' in json)) return listProblems(json);
  if (WITHOUT_TYPE.has(object) || (json['deleted'] === true && Object.keys(json).length === 3)) return [];
  if (typeof object !== 'string')
    return Object.keys(json).length <= 2 && 'id' in json ? [] : [`names no object: ${JSON.stringify(json).slice(0, 200)}`];
  if (!(object in ROOTS)) return [`${object} is an object for which the schema has no root. Add it to ROOTS.`];
  return [...judge(object, json), ...(object === 'event' ? inside(json, ['data', 'object']) : [])];
}

function listProblems({ object, url, has_more: hasMore, data, ...rest }: Json): string[] {
  const items = Array.isArray(data) ? data.flatMap(problemsOf) : ['a list without data'];
  if (object !== 'list') return items;
  if (typeof url !== 'string' || typeof hasMore !== 'boolean' || Object.keys(rest).length > 0) return ['a list in another shape', ...items];
  return items;
}

function inside(json: Json, [outer, inner]: readonly [string, string]): readonly string[] {
  const object = (json[outer] as Json | undefined)?.[inner];
  return object === undefined ? [] : problemsOf(object);
}

function judge(name: string, json: Json): string[] {
  const validate = validator(name);
  if (validate(json)) return [];
  // If no branch of a union matches, report the errors of the branch that matched furthest.
  const furthest = Math.max(...(validate.errors ?? []).map(depth));
  return [...new Set((validate.errors ?? []).filter((error) => depth(error) === furthest).map((error) => describe(name, error)))];
}

function depth({ instancePath }: ErrorObject): number {
  return instancePath.split('/').length;
}

function describe(name: string, { instancePath, message, params, data }: ErrorObject): string {
  const named = 'additionalProperty' in params ? ` (${params['additionalProperty']})` : '';
  return `${name}${instancePath} ${message}${named}, not ${JSON.stringify(data)?.slice(0, 120)}`;
}
