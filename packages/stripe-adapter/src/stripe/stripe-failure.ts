// Failures of Stripe in our words: `provider_unavailable` where trying again helps, `invalid_input` where it cannot;
// and how long to wait before trying again. Errors of the SDK are known by shape: the shop may have another copy.
import { LedgerError, type Runtime } from '@paidonce/ledger';

/** What we read of an error of the SDK. */
export interface StripeFailure {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of a broken connection: the error below it. */
  readonly detail?: unknown;
}

/** The error of Stripe behind one of ours. */
export function stripeErrorIn(error: unknown): StripeFailure | undefined {
  return error instanceof LedgerError && isStripeFailure(error.cause) ? error.cause : undefined;
}

function isStripeFailure(error: unknown): error is Error & StripeFailure {
  return error instanceof Error && 'type' in error && typeof error.type === 'string' && error.type.startsWith('Stripe');
}

/** What it means where Stripe refuses the request itself. */
export type Refused = 'invalid_input' | 'provider_unavailable';

/** @param what the request, like `GET /v1/account`. */
export function failureOf(what: string, error: unknown, refusedAs: Refused): unknown {
  if (!isStripeFailure(error)) return error;
  const isRefused = error.type === 'StripeInvalidRequestError' && !isPassingStatus(error);
  return new LedgerError(isRefused ? refusedAs : 'provider_unavailable', told(what, error, isRefused), { cause: error });
}

/** What happened, and what to do: a wrong key is mended elsewhere than a wrong address. */
function told(what: string, error: StripeFailure, isRefused: boolean): string {
  const said = error.message.trim().replace(/[.\s]+$/, ''); // Some of Stripe's sentences end with a full stop, some do not.
  switch (error.type) {
    case 'StripeAuthenticationError':
      return `Stripe refuses our key for ${what}: ${said}. Check the secret key, and that it is of this account and mode`;
    case 'StripePermissionError':
      return `Our key may not do ${what}: ${said}. Give it that permission in Stripe's dashboard, or use another key`;
    case 'StripeConnectionError':
      return `Stripe was not reached for ${what}: ${said}${causeOf(error)}. Check the network, and \`host\` and \`port\` where the client was given them; then try again`;
  }
  if (isRefused) return `Stripe refuses ${what}: ${said}`;
  if (error.type === 'StripeAPIError' && error.statusCode === undefined) {
    return `${what} was answered by something else than Stripe: ${said}. Check \`host\` and \`port\` where the client was given them`;
  }
  return `Stripe did not do ${what}: ${said}. Nothing was decided on it; try again`;
}

/** Like ` (ECONNREFUSED)`: the SDK's own message does not tell a wrong address from a slow answer. */
function causeOf({ detail }: StripeFailure): string {
  return typeof detail === 'object' && detail !== null && 'code' in detail ? ` (${String(detail.code)})` : '';
}

/** Our key has not the right, or not that account: asking again would not mend it. */
export function isNotAllowed(error: unknown): boolean {
  return stripeErrorIn(error)?.type === 'StripePermissionError';
}

/** What trying again soon may mend: no answer, a failure of Stripe, a limit, or the same key still in use. */
function isPassing(error: unknown): boolean {
  const found = stripeErrorIn(error);
  if (found === undefined || isReplayedFailure(error)) return false;
  return found.type === 'StripeConnectionError' || found.type === 'StripeAPIError' || isPassingStatus(found);
}

/** For a day Stripe answers the same key with the failure that it had: only another key helps. */
export function isReplayedFailure(error: unknown): boolean {
  const { statusCode = 0, headers } = stripeErrorIn(error) ?? {};
  return statusCode >= 500 && headers?.['idempotent-replayed'] === 'true';
}

function isPassingStatus({ statusCode = 0 }: StripeFailure): boolean {
  return statusCode === 409 || statusCode === 429 || statusCode >= 500;
}

const longestWaitMs = 60_000;

/** As Stripe asks in `Retry-After`, else doubling from half a second, with jitter; at most a minute. */
function waitMs(retry: number, error: unknown, runtime: Runtime): number {
  const { 'retry-after': asked } = stripeErrorIn(error)?.headers ?? {};
  const seconds = asked === undefined ? Number.NaN : Number(asked);
  const ms = seconds >= 0 ? seconds * 1_000 : 500 * 2 ** retry * (0.5 + runtime.random());
  return Math.min(longestWaitMs, ms);
}

/** Calls again while that may help, as Stripe asks for. */
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
