// From a request to an answer: key, account, version, faults, idempotency, the route's work in one transaction, errors
// in Stripe's shape. No sockets here: `http-server.ts` carries it, and a simulation can call it directly.
import { defined } from '../../defined.ts';
import type { Accounts } from '../accounts.ts';
import { BY_ITSELF, type Model } from '../model.ts';
import { shapedAnswer } from './answer-shape.ts';
import { authenticate } from './authenticate.ts';
import type { CallCounter } from './call-counter.ts';
import { expand } from './expand.ts';
import type { Fault, Faults } from './faults.ts';
import { canonicalForm, type FormMap } from './form.ts';
import type { Idempotency } from './idempotency.ts';
import { otherObject } from './other-object.ts';
import { Parameters } from './parameters.ts';
import type { RateLimit } from './rate-limit.ts';
import { type ApiAnswer, type ApiRequest, apiVersion, isSearch, readParameters, unknownUrl } from './request.ts';
import type { FoundRoute, RouteTable } from './route.ts';
import { StripeApiError } from './stripe-error.ts';

export interface ApiParts {
  readonly accounts: Accounts;
  readonly routes: RouteTable;
  readonly calls: CallCounter;
  readonly faults: Faults;
  readonly idempotency: Idempotency;
  readonly secretKey: string | undefined;
  /** Undefined: no limit. */
  readonly rateLimit: RateLimit | undefined;
  /** Does what has fallen due, so that a read never shows an open session past its time. */
  readonly catchUp: () => void;
  readonly onBug: (error: unknown, request: ApiRequest) => void;
}

interface Work {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What is known of a request so far. */
interface Progress {
  readonly requestId: string;
  readonly key: string | undefined;
  fault: Fault | undefined;
  /** The account whose idempotency key this request uses. Undefined: none. */
  holdsKeyOf: Model | undefined;
}

/** What a request says, once it is read. */
interface Said {
  readonly form: FormMap;
  /** In one order, to compare it with an earlier one of the same idempotency key. */
  readonly text: string;
  readonly version: string;
}

export class Api {
  readonly #parts: ApiParts;

  constructor(parts: ApiParts) {
    this.#parts = parts;
  }

  handle(request: ApiRequest): ApiAnswer {
    const { accounts, idempotency } = this.#parts;
    const { newId, clock } = accounts.platform;
    const key = request.method === 'POST' ? request.headers['idempotency-key'] : undefined;
    const progress: Progress = { requestId: newId('req_', 14), key, fault: undefined, holdsKeyOf: undefined };
    let work: Work;
    try {
      work = this.#answer(request, progress);
    } catch (error) {
      work = this.#failed(error, request, progress);
    }
    const { fault, holdsKeyOf } = progress;
    return {
      status: work.status,
      headers: {
        ...work.headers,
        'content-type': 'application/json',
        'cache-control': 'no-cache, no-store',
        'request-id': progress.requestId,
        date: clock.httpDate(),
        ...defined({ 'idempotency-key': key }),
      },
      body: work.body,
      delayMs: fault?.kind === 'slow' ? (fault.delayMs ?? 0) : 0,
      sending: fault?.kind === 'answer_lost' || fault?.kind === 'request_lost' ? 'lost' : fault?.kind === 'timeout' ? 'never' : 'sent',
      isFromStripe: fault?.kind !== 'gateway',
      done: () => {
        if (holdsKeyOf && key !== undefined) idempotency.finish(holdsKeyOf, key);
      },
    };
  }

  #answer(request: ApiRequest, progress: Progress): Work {
    const { accounts, routes, calls, faults, idempotency, secretKey, rateLimit, catchUp } = this.#parts;
    const { key } = progress;
    const match = isSearch(request.path) ? undefined : routes.find(request.method, request.path);
    calls.add(match ? `${request.method} ${match.route.path}` : `${request.method} unknown`);
    const model = authenticate(request.headers, secretKey, accounts);
    const version = apiVersion(request.headers, model.apiVersion);
    const waitSeconds = rateLimit?.take();
    if (waitSeconds !== undefined) progress.fault = { kind: 'status', status: 429, retryAfterSeconds: waitSeconds };
    if (!match && !progress.fault) throw unknownUrl(request);
    progress.fault ??= match && faults.take(request.method, match.route.path);
    const { fault } = progress;
    if (fault?.kind === 'request_lost') return { status: 0, body: '' };
    if (fault?.kind === 'gateway') return { status: fault.status ?? 502, body: fault.body ?? '{"message":"Bad gateway"}' };
    if (!match || (fault?.kind === 'status' && (fault.status ?? 0) < 500 && !fault.stored)) throw injected(fault);
    const form = readParameters(request);
    catchUp();
    const text = `${request.method} ${request.path} ${canonicalForm(form)}`;
    const stored = key === undefined ? undefined : idempotency.begin(model, key, text);
    const ofVersion = { 'stripe-version': version };
    if (stored) {
      const replayed = { 'idempotent-replayed': 'true', 'original-request': stored.requestId };
      return { status: stored.status, body: stored.body, headers: { ...replayed, ...ofVersion } };
    }
    if (key !== undefined) progress.holdsKeyOf = model;
    const work = this.#execute(model, match, { form, text, version }, progress);
    const body = fault?.kind === 'other_object' ? JSON.stringify(otherObject(model, JSON.parse(work.body))) : work.body;
    return { ...work, body, headers: { ...work.headers, ...ofVersion } };
  }

  /** Runs the route and stores the answer under its idempotency key, both in one transaction. */
  #execute(model: Model, { route, id }: FoundRoute, { form, text, version }: Said, { requestId, key, fault }: Progress): Work {
    const { idempotency } = this.#parts;
    const store = (status: number, body: string): Work => {
      if (key !== undefined) idempotency.store(model, { id: key, request: text, requestId, status, body });
      return { status, body };
    };
    model.cause = { requestId, idempotencyKey: key ?? null };
    try {
      return model.state.transaction(() => {
        // Stripe stores failures too: the same key gets the same 500 for a day.
        if (fault?.kind === 'status') {
          const { status, body, headers } = errorWork(injected(fault), requestId, fault);
          const retry = status >= 500 && key === undefined;
          return { ...store(status, body), headers: { 'stripe-should-retry': String(retry), ...headers } };
        }
        const parameters = new Parameters(form);
        const object = route.handle({ model, parameters, version, id });
        const paths = parameters.strings('expand');
        // An unknown parameter is refused here at the latest, and the transaction undoes what was done.
        parameters.refuseUnknown();
        if (!(object instanceof StripeApiError))
          return store(200, `${JSON.stringify(shapedAnswer(expand(model, object, paths), version), null, 2)}\n`);
        // A declined card is an executed request, and what it created stays.
        const { status, body, headers = {} } = errorWork(object, requestId, undefined);
        return { ...store(status, body), headers };
      });
    } finally {
      model.cause = BY_ITSELF;
    }
  }

  #failed(error: unknown, request: ApiRequest, { requestId, fault }: Progress): Work {
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

function injected(fault: Fault | undefined): StripeApiError {
  const status = fault?.status ?? 500;
  if (status === 429) {
    const message = 'Request rate limit exceeded. Slow down, and try again after the Retry-After header.';
    return new StripeApiError(429, 'invalid_request_error', message, { code: 'rate_limit' });
  }
  return new StripeApiError(status, 'api_error', `A fault of the sandbox: ${status}, and nothing was done.`);
}
