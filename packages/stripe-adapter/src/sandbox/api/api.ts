// From a request to an answer: key, version, faults, idempotency, the route's work in one transaction, errors in
// Stripe's shape. No sockets here: `http-server.ts` carries it, and a simulation can call it directly.
import { BY_ITSELF, type Model } from '../model.ts';
import { authenticate } from './authenticate.ts';
import type { CallCounter } from './call-counter.ts';
import { expand } from './expand.ts';
import type { Fault, Faults } from './faults.ts';
import { canonicalForm, parseForm } from './form.ts';
import type { Idempotency } from './idempotency.ts';
import { Parameters } from './parameters.ts';
import type { Route, RouteTable } from './route.ts';
import { invalidRequest, StripeApiError } from './stripe-error.ts';

export interface ApiRequest {
  readonly method: string;
  /** Without the query. */
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
  /** A fault wants the answer slow or lost; the work is done either way. */
  readonly delayMs: number;
  readonly lost: boolean;
  /** To be called once the answer is out, or lost: until then the idempotency key is in use. */
  readonly done: () => void;
}

export interface ApiParts {
  readonly model: Model;
  readonly routes: RouteTable;
  readonly calls: CallCounter;
  readonly faults: Faults;
  readonly idempotency: Idempotency;
  readonly secretKey: string | undefined;
  /** Does what has fallen due, so that a read never shows an open session past its time. */
  readonly catchUp: () => void;
  readonly onBug: (error: unknown, request: ApiRequest) => void;
}

interface Work {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class Api {
  readonly #parts: ApiParts;

  constructor(parts: ApiParts) {
    this.#parts = parts;
  }

  handle(request: ApiRequest): ApiAnswer {
    const { model, routes, calls, faults, idempotency, secretKey, catchUp } = this.#parts;
    const requestId = model.newId('req_', 14);
    const match = routes.find(request.method, request.path);
    calls.add(match ? `${request.method} ${match.route.path}` : `${request.method} unknown`);
    const key = request.method === 'POST' ? request.headers['idempotency-key'] : undefined;
    let fault: Fault | undefined;
    let began = false;
    let work: Work;
    try {
      authenticate(request.headers, secretKey, model.account);
      const version = apiVersion(request.headers, model.apiVersion);
      if (!match) throw unknownUrl(request);
      fault = faults.take(request.method, match.route.path);
      if (fault?.kind === 'status' && (fault.status ?? 0) < 500) throw injected(fault);
      const form = parseForm(request.method === 'POST' ? formBody(request) : request.query);
      catchUp();
      const kept = key === undefined ? undefined : idempotency.begin(key, `${request.method} ${request.path} ${canonicalForm(form)}`);
      began = key !== undefined && kept === undefined;
      if (kept) {
        work = { status: kept.status, body: kept.body, headers: { 'idempotent-replayed': 'true', 'original-request': kept.requestId } };
      } else {
        const text = `${request.method} ${request.path} ${canonicalForm(form)}`;
        work = this.#execute(match.route, match.id, new Parameters(form), { requestId, key, text, fault });
      }
      work = { ...work, headers: { ...work.headers, 'stripe-version': version } };
    } catch (error) {
      work = this.#failed(error, request, requestId, fault);
    }
    return {
      status: work.status,
      headers: {
        ...work.headers,
        'content-type': 'application/json',
        'cache-control': 'no-cache, no-store',
        'request-id': requestId,
        date: model.clock.httpDate(),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      body: work.body,
      delayMs: fault?.kind === 'slow' ? (fault.delayMs ?? 0) : 0,
      lost: fault?.kind === 'answer_lost',
      done: () => {
        if (began && key !== undefined) idempotency.finish(key);
      },
    };
  }

  /** Runs the route and keeps the answer for its idempotency key, both in one transaction. */
  #execute(
    route: Route,
    id: string,
    parameters: Parameters,
    { requestId, key, text, fault }: { requestId: string; key: string | undefined; text: string; fault: Fault | undefined },
  ): Work {
    const { model, idempotency } = this.#parts;
    const keep = (status: number, body: string): Work => {
      if (key !== undefined) idempotency.keep({ id: key, request: text, requestId, status, body });
      return { status, body };
    };
    model.cause = { requestId, idempotencyKey: key ?? null };
    try {
      return model.state.transaction(() => {
        // Stripe keeps its own failures, too: the same key meets the same 500 for a day.
        if (fault?.kind === 'status') {
          const { status, body, headers } = errorWork(injected(fault), requestId, fault);
          return { ...keep(status, body), headers: { 'stripe-should-retry': key === undefined ? 'true' : 'false', ...headers } };
        }
        const object = route.handle({ model, parameters, id });
        const paths = parameters.strings('expand');
        // Refused here at the latest, the transaction takes back what was done.
        parameters.refuseUnknown();
        return keep(200, `${JSON.stringify(expand(model, object, paths), null, 2)}\n`);
      });
    } catch (error) {
      // A declined card is an execution, with what it left behind; a refused parameter is none.
      if (!(error instanceof StripeApiError) || error.status !== 402) throw error;
      return model.state.transaction(() => keep(error.status, JSON.stringify(error.body(requestId))));
    } finally {
      model.cause = BY_ITSELF;
    }
  }

  #failed(error: unknown, request: ApiRequest, requestId: string, fault: Fault | undefined): Work {
    if (error instanceof StripeApiError) return errorWork(error, requestId, fault);
    this.#parts.onBug(error, request);
    return errorWork(new StripeApiError(500, 'api_error', `The sandbox failed: ${String(error)}`), requestId, undefined);
  }
}

function errorWork(error: StripeApiError, requestId: string, fault: Fault | undefined): Work {
  const retry = fault?.kind === 'status' ? fault.shouldRetry : shouldRetry(error.status);
  return {
    status: error.status,
    body: JSON.stringify(error.body(requestId), null, 2),
    headers: {
      ...(retry === undefined ? {} : { 'stripe-should-retry': String(retry) }),
      ...(fault?.retryAfterSeconds === undefined ? {} : { 'retry-after': String(fault.retryAfterSeconds) }),
      ...(error.status === 429 ? { 'stripe-rate-limited-reason': 'endpoint-rate' } : {}),
    },
  };
}

function shouldRetry(status: number): boolean | undefined {
  if (status === 409) return true;
  return status < 500 && status !== 429 ? false : undefined;
}

function injected({ status = 500 }: Fault): StripeApiError {
  if (status === 429) {
    const message = 'Request rate limit exceeded. Slow down, and try again after the Retry-After header.';
    return new StripeApiError(429, 'invalid_request_error', message, { code: 'rate_limit' });
  }
  return new StripeApiError(status, 'api_error', `A fault of the sandbox: ${status}, and nothing was done.`);
}

function unknownUrl({ method, path }: ApiRequest): StripeApiError {
  return new StripeApiError(404, 'invalid_request_error', `Unrecognized request URL (${method}: ${path}). The sandbox has no such entry.`);
}

function formBody({ headers, body }: ApiRequest): string {
  const type = headers['content-type']?.split(';')[0]?.trim();
  if (body !== '' && type !== undefined && type !== 'application/x-www-form-urlencoded') {
    throw invalidRequest(`Invalid request (check that your POST content type is application/x-www-form-urlencoded; it is ${type}).`);
  }
  return body;
}

function apiVersion(headers: ApiRequest['headers'], ofAccount: string): string {
  const version = headers['stripe-version'];
  if (version !== undefined && !/^\d{4}-\d{2}-\d{2}(\.[a-z_]+)?$/.test(version))
    throw invalidRequest(`Invalid Stripe API version: ${version}`);
  return version ?? ofAccount;
}
