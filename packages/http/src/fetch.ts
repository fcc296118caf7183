// @paidonce/http/fetch: the same routes as web-standard handlers, `Request` in and `Response` out, for Express, NestJS, Hono, Next.js
// and whatever else speaks it. Needs no Fastify, and neither do its types.
import type { Logger, PaymentLedger } from '@paidonce/ledger';
import { silentLogger } from '@paidonce/ledger/adapter';
import type { StripePayments } from '@paidonce/stripe-adapter';
import { type ConsoleOptions, consoleBodyLimit, openConsole } from './admin/options.ts';
import type { Operator } from './console-call.ts';
import type { ConsoleRequest } from './console-request.ts';
import { type MetricsRegistry, openMetrics } from './metrics.ts';
import { bodyTimeoutMs, demand, isPositive, refuseUnknown, webhookBodyLimit } from './option-check.ts';
import { parsedBody, readBody, requestBody } from './read-body.ts';
import { jsonReply, type Reply, refusalReply, withHeaders } from './reply.ts';
import { isSigned, paymentRoutes } from './routes.ts';

export type { ConsoleOptions } from './admin/options.ts';
export { alertPath } from './alert-path.ts';
export type { MemberDescription, Operator, Permission } from './console-call.ts';
export type { MetricsRegistry } from './metrics.ts';
export { nodeHandler } from './node.ts';

/** Options of {@link paymentConsole}. An unknown option or an unusable value is refused with `invalid_input`. */
export interface PaymentConsoleOptions extends ConsoleOptions {
  /**
   * Called before each request, before its body is read. Undefined: answered with 401. A `Response`, as a redirect to a log-in, is
   * sent as it is. If it throws, the request is refused with the `statusCode` of the error, or 500.
   */
  readonly authenticate: (request: Request) => Promise<Operator | Response | undefined> | Operator | Response | undefined;
  /** Where refusals and failures are reported. Default: nowhere. */
  readonly log?: Logger;
}

/**
 * The console as a handler: `app.use('/admin/payments', nodeHandler(paymentConsole({ payments, authenticate })))`. It answers the
 * paths from `path` on, and 404 elsewhere. Attempts to get in are not limited here.
 *
 * @throws LedgerError `invalid_input`: `authenticate` is missing, or an option is unknown or unusable.
 */
export function paymentConsole(options: PaymentConsoleOptions): (request: Request) => Promise<Response> {
  const { log = silentLogger, authenticate } = options;
  const { core, path } = openConsole('paymentConsole', options, ['log']);
  const limits = { bytes: consoleBodyLimit, timeoutMs: bodyTimeoutMs * options.payments.ledger.runtime.patience };
  return async (request) => {
    const asked = consoleRequest(request, path);
    if (asked === undefined) return responseOf(refusalReply(404));
    let own: Response | undefined;
    const admitted = await core.admit(
      asked,
      async () => {
        const answer = await authenticate(request);
        if (!(answer instanceof Response)) return answer;
        own = answer;
        return { status: answer.status, headers: {}, body: '' };
      },
      log,
    );
    if (own) return own;
    if ('status' in admitted) return responseOf(admitted);
    const body = await requestBody(request, limits);
    return responseOf(typeof body === 'number' ? core.refuse(asked, body, admitted.operator) : await admitted.answer(body));
  };
}

/** Undefined: the path is not below the mount. */
function consoleRequest({ url, method, headers }: Request, path: string): ConsoleRequest | undefined {
  const { pathname, search, host } = new URL(url);
  if (pathname !== path && !pathname.startsWith(`${path}/`)) return undefined;
  return {
    method,
    below: pathname.slice(path.length),
    mountName: path.slice(path.lastIndexOf('/') + 1),
    search,
    // What the client asked for. A server behind a proxy may have made the URL from its own name.
    host: headers.get('host') ?? host,
    header: (name) => headers.get(name) ?? undefined,
  };
}

/** Options of {@link paymentHandlers}. An unknown option or an unusable value is refused with `invalid_input`. */
export interface PaymentHandlersOptions {
  /** What `stripePayments()` returned. The host disposes it, and then the ledger. */
  readonly payments: StripePayments;
  /** The ledger that readiness and metrics read. Default: the one that `payments` writes to. */
  readonly ledger?: PaymentLedger;
  /** Largest body of a webhook, in bytes. Default 1 MiB. */
  readonly bodyLimit?: number;
  /** Where refusals and failures are reported. Default: nowhere. */
  readonly log?: Logger;
  /**
   * The host's own registry of prom-client, which receives metrics named `paidonce_…` until `payments` is disposed. The host
   * decides where they are served, and to whom. Default: no metrics.
   */
  readonly metrics?: MetricsRegistry;
}

/** The handlers of the webhook, the status query and the health checks. A client is not limited here: use the host's limiter. */
export interface PaymentHandlers {
  /** For `POST`. Nobody may have read the body: then it answers 500 `body_already_read`, and Stripe sends the webhook again. */
  webhook(request: Request): Promise<Response>;
  /**
   * For `GET`, with `?wait=20` as a long poll. A wait ends when the client goes, or at `close`.
   *
   * @param sessionId the Checkout session (`cs_…`) or payment intent (`pi_…`). Default: the last part of the path.
   */
  status(request: Request, sessionId?: string): Promise<Response>;
  live(): Promise<Response>;
  /** 503 where the store does not answer a strong read, and from `close` on. */
  ready(): Promise<Response>;
  /**
   * Call it before the server's own `close`, which waits for every request: queries that wait are answered at once, as are those
   * that still come, and `ready` answers 503. Webhooks are served as before, until `payments` is disposed. From here on each
   * answer ends its connection. Disposing `payments` does the same. A second call does nothing.
   */
  close(): void;
}

const paymentHandlersOptions: readonly string[] = [
  'payments',
  'ledger',
  'bodyLimit',
  'log',
  'metrics',
] satisfies readonly (keyof PaymentHandlersOptions)[];

/** @throws LedgerError `invalid_input`: an option is unknown, missing or unusable. */
export function paymentHandlers(options: PaymentHandlersOptions): PaymentHandlers {
  const { payments, ledger = payments?.ledger, bodyLimit = webhookBodyLimit, log = silentLogger } = options;
  refuseUnknown(options, paymentHandlersOptions, 'paymentHandlers');
  demand(typeof payments?.handleWebhook === 'function', 'paymentHandlers', 'payments is missing. Pass what stripePayments() returned');
  demand(isPositive(bodyLimit), 'paymentHandlers', `bodyLimit ${bodyLimit} must be a positive number of bytes`);
  const metrics = openMetrics('paymentHandlers', { payments, ledger, metrics: options.metrics });
  const closing = new AbortController();
  const close = (): void => closing.abort();
  payments.closing.addEventListener('abort', close);
  if (payments.closing.aborted) close();
  const routes = paymentRoutes({ payments, ledger, metrics, closing: closing.signal });
  const limits = { bytes: bodyLimit, timeoutMs: bodyTimeoutMs * payments.ledger.runtime.patience };
  /** Once the server closes, a connection that stayed open for the next request would hold it for seconds. */
  const answer = (reply: Reply, method?: string): Response =>
    responseOf(closing.signal.aborted ? withHeaders(reply, { connection: 'close' }) : reply, method);
  return {
    webhook: async (request) => {
      if (request.method !== 'POST') return answer(notAllowed('POST'));
      const given = request.headers.get('stripe-signature') ?? undefined;
      const refused = routes.refuseWebhook(request.headers.get('content-type') ?? undefined, given);
      if (refused) return answer(refused);
      if (parsedBody(request)) return answer(routes.refuseParsed(log));
      const rawBody = await readBody(request, limits);
      if (typeof rawBody === 'number') return answer(refusalReply(rawBody));
      return answer(await routes.webhook({ rawBody, signature: isSigned(given) ? given : '' }, log));
    },
    status: async (request, sessionId = lastPart(request.url)) => {
      if (request.method !== 'GET' && request.method !== 'HEAD') return answer(notAllowed('GET, HEAD'));
      const wait = new URL(request.url).searchParams.get('wait');
      const asked = { sessionId, ...(wait === null ? {} : { wait }), gone: request.signal };
      return answer(await routes.status(asked, log), request.method);
    },
    live: async () => answer(routes.live()),
    ready: async () => answer(await routes.ready()),
    close,
  };
}

function lastPart(url: string): string {
  try {
    return decodeURIComponent(new URL(url).pathname.split('/').findLast((part) => part !== '') ?? '');
  } catch {
    return ''; // Not percent-encoded text: as unknown as any other.
  }
}

function notAllowed(allow: string): Reply {
  return jsonReply(405, { error: 'method_not_allowed' }, { allow });
}

function responseOf({ status, headers, body }: Reply, method = 'GET'): Response {
  const sent = new Headers();
  for (const [name, value] of Object.entries(headers))
    for (const each of typeof value === 'string' ? [value] : value) sent.append(name, each);
  // Some hosts see the rest of a body that was refused as the next request, unless the connection ends.
  if (status === 413 || status === 408) sent.set('connection', 'close');
  const isEmpty = body.length === 0 || method === 'HEAD';
  return new Response(isEmpty ? null : typeof body === 'string' ? body : new Uint8Array(body), { status, headers: sent });
}
