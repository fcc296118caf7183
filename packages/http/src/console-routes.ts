// The console: finds the route of a request, lets the operator in, and answers with a `Reply`. Both edges go through it, so that
// permissions, the check of the origin, headers and refusals are the same on each.
import { LedgerError, type Logger } from '@paidonce/ledger';
import { defined } from '@paidonce/ledger/adapter';
import type { ConsoleCall, ConsoleRoute, Operator } from './console-call.ts';
import { ConsoleProblem } from './console-call.ts';
import { isReading, matchRoute, type RouteMatch, rootOf } from './console-paths.ts';
import {
  admitted,
  badActor,
  type ConsoleRequest,
  decoded,
  fieldsOf,
  isCrossSite,
  languageOf,
  type RequestBody,
  timeZoneOf,
} from './console-request.ts';
import {
  failureReply,
  pageReply,
  type Reply,
  redirectReply,
  refusalCodes,
  refusalReply,
  statusIn,
  statusOf,
  unexpectedReply,
  withHeaders,
} from './reply.ts';

/** What a page about a refusal or a failure is made from. */
export interface ProblemView extends Pick<ConsoleCall, 'language' | 'timeZone' | 'root'> {
  readonly status: number;
  /** One word of `a-z_`, as JSON has it. */
  readonly code: string;
  /** For the operator. Absent: the page has its own words for the status. */
  readonly message?: string;
  /** Absent: nobody is signed in. */
  readonly operator?: ConsoleCall['operator'];
}

/** An operator was let in, and the route waits for the body. */
export interface Admitted {
  readonly operator: ConsoleCall['operator'];
  answer(body: RequestBody): Promise<Reply>;
}

export interface ConsoleCore {
  /**
   * Before the body is read. A `Reply`: the request is refused, or was answered without a body.
   *
   * @param authenticate may answer by itself: a `Reply`. What it throws becomes a refusal with its `statusCode`, or 500.
   */
  admit(request: ConsoleRequest, authenticate: () => Promise<Operator | Reply | undefined>, log: Logger): Promise<Reply | Admitted>;
  /** The edge refuses the request, because its body is too long or cannot be read. */
  refuse(request: ConsoleRequest, status: number, operator?: ConsoleCall['operator']): Reply;
}

/** Sent with every answer of the console. */
export const consoleHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self' data:",
    "script-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  vary: 'accept, accept-language, cookie',
};

/** Where pages of earlier releases stood. A map, because the path of a request may name what every object has: `constructor`. */
const movedTo: ReadonlyMap<string, string> = new Map([
  ['reviews', 'queues/reviews'],
  ['undelivered', 'queues/undelivered'],
  ['open-orders', 'queues/awaiting'],
]);

export function consoleCore(routes: readonly ConsoleRoute[], problemPage: (view: ProblemView) => string): ConsoleCore {
  const table = routes.map((route) => ({ route, parts: route.pattern === '' ? [] : route.pattern.split('/') }));

  const view = (request: ConsoleRequest): Pick<ConsoleCall, 'language' | 'timeZone' | 'root'> & { wantsPage: boolean } => ({
    language: languageOf(request.header),
    timeZone: timeZoneOf(request.header),
    root: rootOf(request),
    wantsPage: request.header('accept')?.includes('text/html') === true,
  });
  const problem = (
    request: ConsoleRequest,
    about: Pick<ProblemView, 'status' | 'code' | 'message' | 'operator'>,
    headers: Reply['headers'] = {},
  ): Reply => {
    const { wantsPage, ...shown } = view(request);
    const reply = wantsPage ? pageReply(about.status, problemPage({ ...shown, ...about })) : refusalReply(about.status, about.code);
    return finished(request, withHeaders(reply, headers));
  };
  const refuse: ConsoleCore['refuse'] = (request, status, operator) =>
    problem(request, {
      status,
      code: status === 500 ? 'internal' : (refusalCodes[status] ?? 'refused'),
      ...(operator ? { operator } : {}),
    });

  const admit: ConsoleCore['admit'] = async (request, authenticate, log) => {
    const turnedAway = (status: number, why: string): Reply => {
      // Whoever tries to get in leaves an address in the log. What they sent does not get there: it may hold a password.
      log.warn({ ...defined({ address: request.address }), statusCode: status }, `paidonce: the console refused a request: ${why}`);
      return refuse(request, status);
    };
    if (isCrossSite(request)) return turnedAway(403, 'cross-site');
    const found = matchRoute(table, request);
    const answered = async (route: ConsoleRoute, call: Made): Promise<Reply> => {
      try {
        const made = callOf(call);
        return finished(request, withHeaders(await route.answer(made), refreshOf(route, made.query)));
      } catch (error) {
        const { headers, ...about } = failed(error, log);
        return problem(request, { ...about, ...(call.operator.actor === '' ? {} : { operator: call.operator }) }, headers);
      }
    };
    const shared = { request, params: found.params, log, ...view(request) };
    if (found.route?.may === 'anyone') return answered(found.route, { ...shared, operator: nobody, fields: {} });

    const asked = await authenticated(authenticate);
    if ('error' in asked) {
      if (asked.status >= 500) unexpectedReply(asked.error, asked.status, log);
      return turnedAway(asked.status, 'authenticate has thrown');
    }
    if (asked.answer !== undefined && 'status' in asked.answer) {
      // A redirect to a log-in is an answer, and no refusal.
      if (asked.answer.status >= 400) turnedAway(asked.answer.status, 'answered by authenticate');
      return finished(request, asked.answer);
    }
    const operator = admitted(asked.answer);
    if (typeof operator === 'string') {
      log.error({}, `paidonce: ${operator}; nobody is let in`);
      return turnedAway(operator === badActor ? 500 : 401, 'not signed in');
    }
    if (operator === undefined) return turnedAway(401, 'not signed in');
    const early = misplaced(request, found, operator);
    if (early !== undefined) return problem(request, { ...early, operator }, early.headers);
    const { route } = found;
    if (route === undefined)
      return finished(request, redirectReply(308, `${rootOf(request)}${movedTo.get(request.below.slice(1))}${request.search}`));
    return {
      operator,
      answer: async (body) => {
        const fields = route.method === 'GET' ? {} : fieldsOf(body);
        return typeof fields === 'number' ? refuse(request, fields, operator) : answered(route, { ...shared, operator, fields });
      },
    };
  };
  return { admit, refuse };
}

const nobody: ConsoleCall['operator'] = { actor: '', may: new Set() };

/** What `authenticate` answered, or threw with a status. */
async function authenticated(
  authenticate: () => Promise<Operator | Reply | undefined>,
): Promise<{ readonly answer: Operator | Reply | undefined } | { readonly error: unknown; readonly status: number }> {
  try {
    return { answer: await authenticate() };
  } catch (error) {
    return { error, status: statusIn(error) };
  }
}

/** Undefined: the route may answer, or the page has moved. */
function misplaced(
  { method, below }: ConsoleRequest,
  { route, allow }: RouteMatch,
  operator: ConsoleCall['operator'],
): { readonly status: number; readonly code: string; readonly headers: Reply['headers'] } | undefined {
  if (route !== undefined) {
    const isAllowed = route.may === 'anyone' || operator.may.has(route.may);
    return isAllowed ? undefined : { status: 403, code: `needs_${route.may}`, headers: {} };
  }
  if (below.split('/').some((part) => decoded(part) === undefined)) return { status: 400, code: 'bad_request', headers: {} };
  if (isReading(method) && movedTo.has(below.slice(1))) return undefined;
  if (allow.length > 0) return { status: 405, code: 'method_not_allowed', headers: { allow: allow.join(', ') } };
  return { status: 404, code: 'not_found', headers: {} };
}

interface Made extends Pick<ConsoleCall, 'params' | 'operator' | 'fields' | 'log' | 'language' | 'timeZone' | 'root' | 'wantsPage'> {
  readonly request: ConsoleRequest;
}
function callOf({ request, ...made }: Made): ConsoleCall {
  const method = isReading(request.method) ? 'GET' : 'POST';
  return { ...made, method, below: request.below.replaceAll(/^\/+|\/+$/g, ''), query: new URLSearchParams(request.search) };
}

interface Failed {
  readonly status: number;
  readonly code: string;
  readonly message?: string;
  readonly headers: Reply['headers'];
}
/** The message of a LedgerError is meant for the operator; of any other error they get only the status. */
function failed(error: unknown, log: Logger): Failed {
  if (error instanceof ConsoleProblem) return { status: error.status, code: error.code, message: error.message, headers: {} };
  if (!(error instanceof LedgerError)) return { status: unexpectedReply(error, 500, log).status, code: 'internal', headers: {} };
  const { code, message } = error;
  // The order is named in the path or the form: a mistake of the operator here, and not a fault of ours as elsewhere. Nor is it logged
  // as one: whoever watches the errors would be called for a wrong address.
  if (code === 'order_unknown') return { status: 404, code, message, headers: {} };
  return { status: statusOf(error), code, message, headers: failureReply(error, log).headers };
}

function finished({ method, header }: ConsoleRequest, reply: Reply): Reply {
  const language = languageOf(header);
  const isPage = reply.headers['content-type']?.toString().startsWith('text/html') === true;
  const sent = withHeaders(reply, { ...consoleHeaders, ...(isPage ? { 'content-language': language } : {}) });
  return method === 'HEAD' ? { ...sent, body: '' } : sent;
}

/** @throws ConsoleProblem 400: `every` is no whole number of seconds from 10 to 300, or the page has something to type. */
function refreshOf({ refreshes }: ConsoleRoute, query: URLSearchParams): Reply['headers'] {
  const every = query.get('every');
  if (every === null) return {};
  if (!/^\d{2,3}$/.test(every) || Number(every) < 10 || Number(every) > 300)
    throw new ConsoleProblem(400, 'invalid_input', 'every must be a whole number of seconds from 10 to 300.');
  if (refreshes !== true)
    throw new ConsoleProblem(
      400,
      'invalid_input',
      'every: this page has something to type or to tick, so it is not loaded again by itself.',
    );
  return { refresh: every };
}
