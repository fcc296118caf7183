// Turns failures of Stripe into LedgerErrors: `provider_unavailable` if a retry can help, `invalid_input` if it cannot.
// Also decides how long to wait before a retry. SDK errors are recognized by shape: the shop may have another copy of the
// SDK.
import { LedgerError, type Runtime } from '@paidonce/ledger';

/** What we read of an SDK error. */
export interface StripeFailure {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  /** The parameter that Stripe refuses. */
  readonly param?: string;
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The `type` of the error in the body, e.g. `invalid_request_error`. */
  readonly rawType?: string | undefined;
  /** If the connection broke: the lower-level error. */
  readonly detail?: unknown;
}

/** The SDK error that caused one of ours. Undefined: it has another cause, or none. */
export function stripeErrorIn(error: unknown): StripeFailure | undefined {
  return error instanceof LedgerError && isStripeFailure(error.cause) ? error.cause : undefined;
}

function isStripeFailure(error: unknown): error is Error & StripeFailure {
  return error instanceof Error && 'type' in error && typeof error.type === 'string' && error.type.startsWith('Stripe');
}

/** What came back is not from Stripe, or not what was asked for: nothing is known, as if nobody had answered. */
export class NoAnswer extends Error implements StripeFailure {
  readonly type = 'StripeNoAnswer';
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string>>;

  constructor(found: string, { statusCode, headers }: Pick<StripeFailure, 'statusCode' | 'headers'> = {}, options?: ErrorOptions) {
    super(found, options);
    if (statusCode !== undefined) this.statusCode = statusCode;
    if (headers !== undefined) this.headers = headers;
  }
}

/** The error code for a request that Stripe itself refuses. */
export type Refused = 'invalid_input' | 'provider_unavailable';

/**
 * The LedgerError for an SDK error; any other error is returned unchanged.
 *
 * @param what the request, like `GET /v1/account`.
 */
export function failureOf(what: string, failure: unknown, refusedAs: Refused): unknown {
  const error = notFromStripe(failure) ?? failure;
  if (!isStripeFailure(error)) return error;
  const isRefused = error.type === 'StripeInvalidRequestError' && !isPassingStatus(error);
  return new LedgerError(isRefused ? refusedAs : 'provider_unavailable', messageOf(what, error, isRefused), { cause: error });
}

/** A gateway's own error, in which the SDK sees one of Stripe; and what the SDK itself fails on, as on a body of `null`. */
function notFromStripe(error: unknown): NoAnswer | undefined {
  if (error instanceof TypeError) return new NoAnswer('the SDK could not read the body', {}, { cause: error });
  if (!isStripeFailure(error) || error.statusCode === undefined || !('rawType' in error)) return undefined;
  if (/^[a-z_]+_error$/.test(error.rawType ?? '')) return undefined;
  return new NoAnswer(`status ${error.statusCode} without an error of Stripe`, error, { cause: error });
}

/** What happened, and what to do: a wrong key is fixed elsewhere than a wrong address. */
function messageOf(what: string, error: StripeFailure, isRefused: boolean): string {
  const stripeMessage = error.message.trim().replace(/[.\s]+$/, ''); // Some of Stripe's sentences end with a full stop, some do not.
  switch (error.type) {
    case 'StripeAuthenticationError':
      return `Stripe refuses our key for ${what}: ${stripeMessage}. Check the secret key, and that it is of this account and mode`;
    case 'StripePermissionError':
      return `Our key may not do ${what}: ${stripeMessage}. Give it that permission in Stripe's dashboard, or use another key`;
    case 'StripeConnectionError':
      return `Stripe was not reached for ${what}: ${stripeMessage}${causeOf(error)}. Check the network, and \`host\` and \`port\` where the client was given them; then try again`;
  }
  if (error.type === 'StripeNoAnswer') {
    return `${what} was answered by something else than Stripe: ${stripeMessage}. Nothing was decided on it; try again, and check \`host\` and \`port\` and what lies between`;
  }
  if (isRefused) return `Stripe refuses ${what}: ${stripeMessage}`;
  if (error.type === 'StripeAPIError' && error.statusCode === undefined) {
    return `${what} was answered by something else than Stripe: ${stripeMessage}. Check \`host\` and \`port\` where the client was given them`;
  }
  return `Stripe did not do ${what}: ${stripeMessage}. Nothing was decided on it; try again`;
}

/** Like ` (ECONNREFUSED)`: the SDK's own message does not distinguish a wrong address from a slow answer. */
function causeOf({ detail }: StripeFailure): string {
  return typeof detail === 'object' && detail !== null && 'code' in detail ? ` (${String(detail.code)})` : '';
}

/** Our key lacks the permission, or access to that account: a retry cannot help. */
export function isNotAllowed(error: unknown): boolean {
  return stripeErrorIn(error)?.type === 'StripePermissionError';
}

/** The parameter names an object that Stripe does not have, or no longer. */
export function isMissing(error: unknown, param: string): boolean {
  const found = stripeErrorIn(error);
  return found?.code === 'resource_missing' && found.param === param;
}

/** Stripe knows no such key, or no longer: a retry cannot help. */
export function isRefusedKey(error: unknown): boolean {
  return stripeErrorIn(error)?.type === 'StripeAuthenticationError';
}

/** What a retry may fix soon: no answer, a failure at Stripe, a rate limit, or an idempotency key still in use. */
function isPassing(error: unknown): boolean {
  const found = stripeErrorIn(error);
  if (found === undefined || isReplayedFailure(error)) return false;
  return ['StripeConnectionError', 'StripeAPIError', 'StripeNoAnswer'].includes(found.type) || isPassingStatus(found);
}

/** For a day Stripe repeats a stored failure or refusal for the same idempotency key: only another key helps. */
export function isReplayedFailure(error: unknown): boolean {
  const { statusCode = 0, headers } = stripeErrorIn(error) ?? {};
  return statusCode >= 400 && headers?.['idempotent-replayed'] === 'true';
}

function isPassingStatus({ statusCode = 0 }: StripeFailure): boolean {
  return statusCode === 409 || statusCode === 429 || statusCode >= 500;
}

const longestWaitMs = 60_000;

/** Milliseconds: what Stripe asks for in `Retry-After`, else doubling from half a second, with jitter; at most a minute. */
function waitMs(retry: number, error: unknown, runtime: Runtime): number {
  const { 'retry-after': asked } = stripeErrorIn(error)?.headers ?? {};
  const seconds = asked === undefined ? Number.NaN : Number(asked);
  const ms = seconds >= 0 ? seconds * 1_000 : 500 * 2 ** retry * (0.5 + runtime.random());
  return Math.min(longestWaitMs, ms);
}

/** Calls up to `times` times again while a retry may help. @throws the last error; at once if the signal is aborted. */
export async function withRetries<T>(times: number, runtime: Runtime, call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let retry = 0; ; retry++) {
    try {
      return await call();
    } catch (error) {
      if (retry >= times || !isPassing(error) || signal?.aborted) throw error;
      await runtime.sleep(waitMs(retry, error, runtime), signal);
    }
  }
}
