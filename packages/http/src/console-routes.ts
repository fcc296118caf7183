// The console: finds the route of a request, lets the operator in, and answers with a `Reply`. Both edges go through it, so that
// permissions, the check of the origin, headers and refusals are the same on each.
import { LedgerError, type Logger } from '@paidonce/ledger';
import type { ConsoleCall, ConsoleRoute, Operator, Permission } from './console-call.ts';
import { ConsoleProblem } from './console-call.ts';
import {
  admitted,
  type ConsoleRequest,
  decoded,
  fieldsOf,
  isCrossSite,
  languageOf,
  type RequestBody,
  timeZoneOf,
} from './console-request.ts';
import { failureReply, pageReply, type Reply, redirectReply, refusalReply, statusOf, unexpectedReply, withHeaders } from './reply.ts';

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

export interface ConsoleCore {
  /**
   * Before the body is read. A `Reply`: it is refused, or needs none. Else a function that takes the body.
   *
   * @param authenticate may answer by itself: a `Reply`.
   * @throws what `authenticate` throws.
   */
  admit(
    request: ConsoleRequest,
    authenticate: () => Promise<Operator | Reply | undefined>,
    log: Logger,
  ): Promise<Reply | ((body: RequestBody) => Promise<Reply>)>;
  /** The edge refuses the request: its body is too long, or `authenticate` has thrown. */
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

/** Where pages of earlier releases stood. */
const movedTo: Readonly<Record<string, string>> = {
  reviews: 'queues/reviews',
  undelivered: 'queues/undelivered',
  'open-orders': 'queues/awaiting',
};

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
    problem(request, { status, code: codes[status] ?? 'refused', ...(operator ? { operator } : {}) });

  const admit: ConsoleCore['admit'] = async (request, authenticate, log) => {
    if (isCrossSite(request)) return refuse(request, 403);
    const found = match(table, request);
    if (found.route?.may === 'anyone') {
      const { route, params } = found;
      const nobody = { actor: '', may: new Set<Permission>() };
      return finished(request, await route.answer(callOf({ request, params, operator: nobody, fields: {}, log, ...view(request) })));
    }
    const answer = await authenticate();
    if (answer !== undefined && 'status' in answer) return finished(request, answer);
    const operator = admitted(answer);
    if (typeof operator === 'string') log.error({}, `paidonce: ${operator}; nobody is let in`);
    if (operator === undefined || typeof operator === 'string') return refuse(request, 401);
    const moved = movedTo[request.below.slice(1)];
    if (moved !== undefined && isReading(request.method))
      return finished(request, redirectReply(308, `${rootOf(request)}${moved}${request.search}`));
    if (found.route === undefined) {
      const headers = found.allow.length > 0 ? { allow: found.allow.join(', ') } : {};
      const status = found.allow.length > 0 ? 405 : 404;
      return problem(request, { status, code: codes[status] ?? 'refused', operator }, headers);
    }
    const { route, params } = found;
    // The type says that it is one of three; `anyone` was answered above.
    if (!operator.may.has(route.may as Permission)) return problem(request, { status: 403, code: `needs_${route.may}`, operator });
    return async (body) => {
      const fields = route.method === 'GET' ? {} : fieldsOf(body);
      if (typeof fields === 'number') return refuse(request, fields, operator);
      const call = callOf({ request, params, operator, fields, log, ...view(request) });
      try {
        const refresh = refreshOf(route, call.query);
        return finished(request, withHeaders(await route.answer(call), refresh));
      } catch (error) {
        const { status, message, ...reply } = failed(error, log);
        return problem(request, { status, code: reply.code, operator, ...(message === undefined ? {} : { message }) }, reply.headers);
      }
    };
  };
  return { admit, refuse };
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
  const { headers } = failureReply(error, log);
  // The order is named in the path or the form: a mistake of the operator here, and not a fault of ours as elsewhere.
  const status = error.code === 'order_unknown' ? 404 : statusOf(error);
  return { status, code: error.code, message: error.message, headers };
}

function finished({ method, header }: ConsoleRequest, reply: Reply): Reply {
  const language = languageOf(header);
  const isPage = reply.headers['content-type']?.toString().startsWith('text/html') === true;
  const sent = withHeaders(reply, { ...consoleHeaders, ...(isPage ? { 'content-language': language } : {}) });
  return method === 'HEAD' ? { ...sent, body: '' } : sent;
}

function isReading(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** From the URL of the request back to the mount. */
function rootOf({ below, mountName }: ConsoleRequest): string {
  if (below === '') return `${mountName}/`;
  const depth = below.split('/').length - 2;
  return depth === 0 ? './' : '../'.repeat(depth);
}

interface Row {
  readonly route: ConsoleRoute;
  readonly parts: readonly string[];
}
interface Match {
  readonly route?: ConsoleRoute;
  readonly params: Readonly<Record<string, string>>;
  /** The methods that the path has. Empty: there is no such page. */
  readonly allow: readonly string[];
}
/** A fixed part goes before a named one: `runs/new` is not the run "new". */
function match(table: readonly Row[], { below, method }: ConsoleRequest): Match {
  const path = below.split('/').filter((part) => part !== '');
  const values = path.map(decoded);
  const named = (parts: readonly string[]): number => parts.filter((part) => part.startsWith(':')).length;
  const fits = table
    .filter(({ parts }) => parts.length === path.length && parts.every((part, at) => isPart(part, values[at])))
    .toSorted((a, b) => named(a.parts) - named(b.parts));
  const row = fits.find(
    ({ route, parts }) => route.method === (isReading(method) ? 'GET' : method) && named(parts) === named(fits[0]?.parts ?? []),
  );
  const allow = [...new Set(fits.flatMap(({ route }) => (route.method === 'GET' ? ['GET', 'HEAD'] : ['POST'])))];
  if (!row) return { params: {}, allow };
  const params = Object.fromEntries(row.parts.flatMap((part, at) => (part.startsWith(':') ? [[part.slice(1), values[at] ?? '']] : [])));
  return { route: row.route, params, allow };
}

function isPart(part: string, value: string | undefined): boolean {
  return value !== undefined && (part.startsWith(':') || part === value);
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

const codes: Readonly<Record<number, string>> = {
  400: 'bad_request',
  401: 'refused',
  403: 'refused',
  404: 'not_found',
  405: 'method_not_allowed',
  408: 'request_timeout',
  413: 'body_too_large',
  415: 'unsupported_media_type',
  500: 'internal',
};
