// The real `stripe` package without a socket: each request is a step of the scheduler into the sandbox's API, and its
// answer is another; either may fail on the network. Time-outs run on the virtual clock.
import type { Incarnation, World } from '@paidonce/ledger/simulation';
import type { ApiRequest, Fault, SandboxCore } from '@paidonce/sandbox/model';
import Stripe from 'stripe';
import type { Coverage } from './coverage.ts';
import type { CallFaults } from './options.ts';

export interface TransportParts {
  readonly world: World;
  readonly core: SandboxCore;
  readonly coverage: Pick<Coverage, 'met'>;
  readonly faults: CallFaults;
  readonly pageLimit: number;
  /** Parts of the API that are down. Key: the beginning of the path. Value: the status that they answer with. */
  readonly down: Map<string, number>;
  /** What becomes of the `Date` of an answer on its way. Undefined: it is lost. Default: nothing. */
  readonly dateOf?: (date: string) => string | undefined;
  /** Called when Stripe has answered, before the process has the answer. Answers how many milliseconds that still takes. Default: none. */
  readonly onAnswered?: (method: string, path: string) => number;
}

type Config = NonNullable<ConstructorParameters<typeof Stripe>[1]>;
type HttpClient = NonNullable<Config['httpClient']>;
type HttpResponse = Awaited<ReturnType<HttpClient['makeRequest']>>;
type MakeRequest = HttpClient['makeRequest'];

const key = 'sk_test_123456789012';

/** The client of a process of the shop. */
export function stripeOver(parts: TransportParts, by: Incarnation): Stripe {
  return clientWith((...request) => simulatedCall(parts, by, request));
}

/** The client that people use in the dashboard: nothing fails, and nobody waits. */
export function stripeAtHand(core: SandboxCore): Stripe {
  return clientWith(async (...request) => {
    const { status, headers, body, done } = core.api.handle(requestOf(request));
    done();
    return responseOf(status, headers, body);
  });
}

function clientWith(makeRequest: MakeRequest): Stripe {
  const httpClient = { getClientName: () => 'simulated', makeRequest } as HttpClient;
  return new Stripe(key, { httpClient, host: '127.0.0.1', port: 80, protocol: 'http', telemetry: false, maxNetworkRetries: 0 });
}

function simulatedCall(
  { world, core, coverage, faults, pageLimit, down, dateOf, onAnswered }: TransportParts,
  by: Incarnation,
  request: Parameters<MakeRequest>,
): Promise<HttpResponse> {
  const { scheduler, network } = world;
  const [, , path, method, , , , timeoutMs] = request;
  const label = `${by.party.name} ${method} ${path.split('?')[0]}`;
  return new Promise((resolve, reject) => {
    if (by.dead) return;
    let isOver = false;
    /** Delivers the reply, if the process still runs and waits. */
    const reply = (what: string, how: () => void, done: () => void = () => undefined): void => {
      if (by.dead || isOver) {
        done();
        return;
      }
      scheduler.park(by.party, 'call', `${label}: ${what}`, () => {
        done();
        if (isOver) return;
        isOver = true;
        scheduler.cancelTimer(timer);
        how();
      });
    };
    const timer = scheduler.timer(by.party, timeoutMs, `${label}: timed out`, () => {
      isOver = true;
      coverage.met('call: timed out');
      reject(failure('ETIMEDOUT'));
    });
    const downWith = world.faultless ? undefined : [...down].find(([part]) => path.startsWith(part))?.[1];
    const fault: Fault | undefined = downWith === undefined ? drawFault(world, faults) : { kind: 'status', status: downWith };
    const step = scheduler.park(network, 'call', label, () => {
      by.underWay.delete(step);
      core.faults.clear();
      if (fault) core.faults.inject(fault);
      const { status, headers, body, delayMs, sending, done } = core.api.handle(inPages(requestOf(request), pageLimit));
      if (fault) coverage.met(placeOf(fault));
      if (sending === 'never') return done(); // The caller's own deadline ends it.
      if (sending === 'lost') return reply('the connection broke', () => reject(failure('ENETUNREACH')), done);
      const dated = withDate(headers, dateOf);
      const answer = (): void => reply(String(status), () => resolve(responseOf(status, dated, body)), done);
      const heldMs = Math.max(delayMs, onAnswered?.(method, path) ?? 0);
      if (heldMs > 0) scheduler.timer(network, heldMs, `${label}: slow`, answer);
      else answer();
    });
    by.underWay.add(step);
  });
}

function drawFault(world: World, faults: CallFaults): Fault | undefined {
  const { random } = world;
  const { tooMany, serverError, slow, requestLost, answerLost, timeout, gateway, otherObject } = faults;
  if (world.fault(tooMany)) return { kind: 'status', status: 429, retryAfterSeconds: random.between(1, 20) };
  if (world.fault(serverError)) return { kind: 'status', status: random.pick([500, 503]) };
  if (world.fault(slow)) return { kind: 'slow', delayMs: random.between(500, 8_000) };
  if (world.fault(requestLost)) return { kind: 'request_lost' };
  if (world.fault(answerLost)) return { kind: 'answer_lost' };
  if (world.fault(timeout)) return { kind: 'timeout' };
  if (world.fault(gateway)) return { kind: 'gateway', ...random.pick(gateways) };
  return world.fault(otherObject) ? { kind: 'other_object' } : undefined;
}

/** What stands between a shop and Stripe answers in a form of its own; some of it with status 200. */
const gateways: readonly { readonly status: number; readonly body: string }[] = [
  { status: 401, body: '{"message":"Unauthorized"}' },
  { status: 403, body: '{"error":{"code":403,"message":"Forbidden"}}' },
  { status: 404, body: '{"message":"no Route matched with those values"}' },
  { status: 404, body: '{"error":"Not Found"}' },
  { status: 429, body: '{"message":"Too Many Requests"}' },
  { status: 502, body: '{}' },
  { status: 503, body: '[]' },
  { status: 200, body: '{}' },
  { status: 200, body: '[]' },
  { status: 200, body: 'null' },
];

function placeOf({ kind, status }: Fault): Parameters<Coverage['met']>[0] {
  switch (kind) {
    case 'status':
      return status === 429 ? 'call: 429 with Retry-After' : 'call: 500';
    case 'slow':
      return 'call: slow';
    case 'request_lost':
      return 'call: request lost';
    case 'answer_lost':
      return 'call: answer lost';
    case 'timeout':
      return 'call: timed out';
    case 'gateway':
      return 'call: a gateway answers';
    case 'other_object':
      return 'call: another object';
  }
}

/** Not ECONNRESET: the SDK tries that once more by itself, on a real timer. */
function failure(code: 'ETIMEDOUT' | 'ENETUNREACH'): Error {
  return Object.assign(new Error('simulated'), { code });
}

function requestOf([, , path, method, headers, body]: Parameters<MakeRequest>): ApiRequest {
  const [pathname = '/', query = ''] = path.split(/\?(.*)/s);
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value === undefined ? value : String(value)]);
  return { method, path: pathname, query, headers: Object.fromEntries(lower) as ApiRequest['headers'], body: body ?? '' };
}

/** Stripe may answer with fewer objects than were asked for, and reports that there are more. */
function inPages(request: ApiRequest, limit: number): ApiRequest {
  return { ...request, query: request.query.replace(/(^|&)limit=100(&|$)/, `$1limit=${limit}$2`) };
}

function withDate(headers: Readonly<Record<string, string>>, dateOf: TransportParts['dateOf']): Readonly<Record<string, string>> {
  const { date, ...others } = headers;
  if (dateOf === undefined || date === undefined) return headers;
  const dated = dateOf(date);
  return dated === undefined ? others : { ...others, date: dated };
}

function responseOf(status: number, headers: Readonly<Record<string, string>>, body: string): HttpResponse {
  return {
    getStatusCode: () => status,
    getHeaders: () => headers,
    getRawResponse: () => ({ headers }),
    toStream: () => {
      throw new Error('Nothing streams here');
    },
    toJSON: async () => JSON.parse(body) as unknown,
  } as unknown as HttpResponse;
}
