// The webhook, the status query and the health checks: plain values in, a `Reply` out. Each edge reads its own kind of request, and
// sends the reply. Counters are here, so that every host counts.
import { setTimeout as wait } from 'node:timers/promises';
import { LedgerError, type Logger, type PaymentLedger } from '@paidonce/ledger';
import { defined, isId, WarningLimit } from '@paidonce/ledger/adapter';
import type { PaymentStatus, StripePayments } from '@paidonce/stripe-adapter';
import type { RouteMetrics } from './metrics.ts';
import { failureReply, jsonReply, type Reply, refusalReply, withHeaders } from './reply.ts';

type Header = string | readonly string[] | undefined;

export interface WebhookRequest {
  readonly rawBody: Uint8Array;
  readonly signature: string;
  /** Where the sender calls from, for the log. Absent: the edge does not know it. */
  readonly address?: string;
}
export interface StatusRequest {
  readonly sessionId: string;
  /** The query's `wait`: seconds that the answer may take while nothing changes. */
  readonly wait?: string;
  /** The client has gone: the wait ends at once, as it does where the server closes. */
  readonly gone: AbortSignal;
}

export interface PaymentRoutes {
  /** Before the body is read: another type than JSON, or no signature. Undefined: read it. */
  refuseWebhook(contentType: string | undefined, signature: Header): Reply | undefined;
  /** A parser of the host has read the body, and the bytes are gone. */
  refuseParsed(log: Logger): Reply;
  webhook(request: WebhookRequest, log: Logger): Promise<Reply>;
  /** Answers 404 to an unknown id as to a malformed one, so that nobody learns which ids could exist. */
  status(request: StatusRequest, log: Logger): Promise<Reply>;
  live(): Reply;
  /** 503 once the server begins to close, or where the store does not answer a strong read. */
  ready(): Promise<Reply>;
}

export interface PaymentRoutesParts {
  readonly payments: StripePayments;
  readonly ledger: PaymentLedger;
  readonly metrics: RouteMetrics;
  /** Aborts when the server begins to close. Webhooks are answered as before. */
  readonly closing: AbortSignal;
}

/** Sent with every answer of the status query. */
export const statusHeaders: Readonly<Record<string, string>> = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' };
const healthHeaders = { 'cache-control': 'no-store' };

const forged = 'paidonce: forged or stale webhook signature. If Stripe sent it: is its secret among webhookSecrets?';
const alreadyRead =
  'paidonce: a body parser has read the webhook before us, so its signature cannot be checked. Mount the webhook before it';
const unknownSession = jsonReply(404, { error: 'not_found' }, statusHeaders);
const badWait = jsonReply(400, { error: 'invalid_input', message: 'wait must be a whole number of seconds from 0 to 30.' }, statusHeaders);
const longestWaitSeconds = 30;

export function paymentRoutes({ payments, ledger, metrics, closing }: PaymentRoutesParts): PaymentRoutes {
  const warnings = new WarningLimit(ledger.runtime);
  const storeAnswers = storeProbe(ledger);
  return {
    refuseWebhook: (contentType, signature) => {
      if (contentType?.split(';')[0]?.trim().toLowerCase() !== 'application/json') return refusalReply(415);
      if (isSigned(signature)) return undefined;
      metrics.webhook('bad_signature');
      return refusalReply(400, 'bad_signature');
    },
    refuseParsed: (log) => {
      metrics.webhook('failed');
      log.error({}, alreadyRead);
      return jsonReply(500, { error: 'body_already_read' });
    },
    webhook: async ({ rawBody, signature, address }, log) => {
      try {
        const { outcome } = await payments.handleWebhook(rawBody, signature);
        metrics.webhook(outcome);
        if (outcome !== 'bad_signature') return jsonReply(200, { outcome });
        const refused = warnings.due();
        if (refused > 0) log.warn({ ...defined({ address }), refused }, forged);
        return refusalReply(400, outcome);
      } catch (error) {
        metrics.webhook('failed');
        return failureReply(error, log);
      }
    },
    status: async ({ sessionId, wait: asked = '0', gone }, log) => {
      if (!/^\d{1,2}$/.test(asked) || Number(asked) > longestWaitSeconds) return badWait;
      const waitMs = Number(asked) * 1_000;
      try {
        const ask = (signal: AbortSignal) => payments.status(sessionId, ...(waitMs > 0 ? [{ waitMs, signal }] : []));
        const status = isId(sessionId) ? await untilEither(gone, closing, ask) : undefined;
        metrics.statusQuery(status ? (status.stale ? 'stale' : 'answered') : 'unknown');
        return status ? jsonReply(200, shown(status), statusHeaders) : unknownSession;
      } catch (error) {
        const isMalformed = error instanceof LedgerError && error.code === 'invalid_input';
        metrics.statusQuery(isMalformed ? 'unknown' : 'failed');
        if (isMalformed) return unknownSession;
        return withHeaders(failureReply(error, log), statusHeaders);
      }
    },
    live: () => jsonReply(200, { status: 'live' }, healthHeaders),
    ready: async () => {
      if (closing.aborted) return jsonReply(503, { status: 'closing' }, healthHeaders);
      const answers = await storeAnswers();
      return jsonReply(answers ? 200 : 503, { status: answers ? 'ready' : 'store_unavailable' }, healthHeaders);
    },
  };
}

export function isSigned(header: Header): header is string {
  return typeof header === 'string' && header !== '';
}

/** Calls with a signal that aborts when one of the two does. It leaves no listener behind: `closing` lives as long as the process. */
async function untilEither<T>(gone: AbortSignal, closing: AbortSignal, call: (either: AbortSignal) => Promise<T>): Promise<T> {
  const either = new AbortController();
  const end = (): void => either.abort();
  for (const signal of [gone, closing]) signal.addEventListener('abort', end);
  if (gone.aborted || closing.aborted) end();
  try {
    return await call(either.signal);
  } finally {
    for (const signal of [gone, closing]) signal.removeEventListener('abort', end);
  }
}

/** Only these fields are sent, even if the adapter's status gets more. */
function shown({ state, stale, nextPollAfterMs }: PaymentStatus): PaymentStatus {
  return { state, stale, ...defined({ nextPollAfterMs }) };
}

/** Shorter than a load balancer waits. */
const answerWithinMs = 2_000;
/** Any id works: the read goes to the store whether the order exists or not. */
const probedOrder = 'readiness';

/** One read at a time, however many requests come: they must not pile up on a store that hangs. */
function storeProbe(ledger: PaymentLedger): () => Promise<boolean> {
  let probe: Promise<boolean> | undefined;
  return () => {
    probe ??= ledger
      .order(probedOrder)
      .then(
        () => true,
        () => false,
      )
      .finally(() => {
        probe = undefined;
      });
    return Promise.race([probe, wait(answerWithinMs * ledger.runtime.patience, false, { ref: false })]);
  };
}
