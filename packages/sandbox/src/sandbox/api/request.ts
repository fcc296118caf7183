// A request and its answer as the API sees them: text, no sockets.
import { type FormMap, parseForm } from './form.ts';
import { parseJson } from './json-form.ts';
import { invalidRequest, StripeApiError } from './stripe-error.ts';

export interface ApiRequest {
  readonly method: string;
  /** Without the query string. */
  readonly path: string;
  readonly query: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Milliseconds to wait before the answer is sent; the work is done already. */
  readonly delayMs: number;
  /**
   * - `sent`: the answer is sent normally.
   * - `lost`: the connection is dropped.
   * - `never`: the connection stays open until the caller gives up.
   */
  readonly sending: 'sent' | 'lost' | 'never';
  /** False: a gateway's answer, which need not have Stripe's shape. */
  readonly isFromStripe: boolean;
  /** Call it once the answer is sent or lost: until then the idempotency key is in use. */
  readonly done: () => void;
}

/** The parameters: a form in `/v1`, JSON in `/v2`, the query string if there is no body. */
export function readParameters({ method, path, query, headers, body }: ApiRequest): FormMap {
  if (method !== 'POST') return parseForm(query);
  const type = headers['content-type']?.split(';')[0]?.trim();
  const expected = path.startsWith('/v2/') ? 'application/json' : 'application/x-www-form-urlencoded';
  if (body !== '' && type !== undefined && type !== expected) {
    throw invalidRequest(`Invalid request (check that your POST content type is ${expected}; it is ${type}).`);
  }
  return expected === 'application/json' ? parseJson(body) : parseForm(body);
}

/** @throws StripeApiError 400 if the header names no version. */
export function apiVersion(headers: ApiRequest['headers'], ofAccount: string): string {
  const version = headers['stripe-version'];
  if (version !== undefined && !/^\d{4}-\d{2}-\d{2}(\.[a-z_]+)?$/.test(version))
    throw invalidRequest(`Invalid Stripe API version: ${version}`);
  return version ?? ofAccount;
}

/** True for Stripe's search endpoints, which otherwise look like objects with the id `search`. */
export function isSearch(path: string): boolean {
  return path.startsWith('/v1/') && path.endsWith('/search');
}

export function unknownUrl({ method, path }: ApiRequest): StripeApiError {
  const why = isSearch(path) ? 'The sandbox has no search: list, and choose from what comes.' : 'The sandbox has no such entry.';
  return new StripeApiError(404, 'invalid_request_error', `Unrecognized request URL (${method}: ${path}). ${why}`);
}
