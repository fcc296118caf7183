// Requests to the console, drawn from its own table of routes, so that they get past the routing and the parsing. Forms are in
// fuzz-forms.test-support.ts.
import { firstForm, formRequest, sentForm } from './fuzz-forms.test-support.ts';
import { type FuzzedConsole, type FuzzedRoute, formText, type HonestForm, pairsOf, pathOf } from './fuzz-routes.test-support.ts';
import { operators } from './fuzz-shop.test-support.ts';
import {
  anyValue,
  consoleHeaders,
  eventBody,
  type FuzzRequest,
  hex,
  inPath,
  oddText,
  pick,
  type Random,
  whole,
} from './fuzz-values.test-support.ts';

/** The operator's requests take the routes in turn; the first of each is answered by the route itself. */
export function consoleRequests(random: Random, console: FuzzedConsole): () => FuzzRequest {
  let turn = 0;
  return () => {
    const drawn = random();
    if (drawn < 0.2) return { ...onRoute(random, console, pick(random, console.routes), notSignedIn(random)), kind: 'console' };
    if (drawn < 0.3) return { ...onRoute(random, console, pick(random, console.routes), operators.reader), kind: 'reader' };
    if (drawn < 0.36) return elsewhere(random);
    const route = console.routes[turn % console.routes.length] as FuzzedRoute;
    const isFirst = turn < console.routes.length;
    turn += 1;
    if (!isFirst) return onRoute(random, console, route, operators.all);
    return route.form === undefined ? honestPage(route) : firstForm(random, route, route.form);
  };
}

/** As the operator's browser sends it. @param form what is typed, in place of what was when the console was first asked. */
export function honestRequest(route: FuzzedRoute, form: HonestForm | undefined = route.form): FuzzRequest {
  return form === undefined ? honestPage(route) : sentForm(route, form.fields);
}

function honestPage({ name, route, honest }: FuzzedRoute): FuzzRequest {
  const query = formText(honest.query);
  const path = `${pathOf(route, honest.params)}${query === '' ? '' : `?${query}`}`;
  const headers = { authorization: operators.all, accept: 'text/html' };
  return { kind: 'operator', method: 'GET', path, headers, body: Buffer.alloc(0), route: name };
}

const notSignedIn = (random: Random): string =>
  pick(random, ['', 'Basic', `Basic ${hex(random, 20)}`, 'Bearer', `${operators.all}x`, oddText(random, 6)]);

/** No route, or where a page stood in an earlier release. */
function elsewhere(random: Random): FuzzRequest {
  const below = pick(random, ['reviews', 'undelivered', 'open-orders', inPath(random), `orders/${inPath(random)}/${inPath(random)}`]);
  const path = `/admin/payments/${below}${random() < 0.5 ? `?after=${inPath(random)}` : ''}`;
  const method = pick(random, ['GET', 'GET', 'HEAD', 'POST', 'PUT']);
  return { kind: 'operator', method, path, headers: consoleHeaders(random, operators.all), body: Buffer.alloc(0) };
}

/** Who may not do it may send a form without a fault. */
function onRoute(random: Random, console: FuzzedConsole, route: FuzzedRoute, authorization: string): FuzzRequest {
  const { form } = route;
  if (form === undefined) return pageRequest(random, console, route, authorization);
  return formRequest(random, console, { route, form, authorization, mayBeHonest: authorization !== operators.all });
}

/** The ids of the path: those of the honest page, others of the shop, or none. */
function someParams(random: Random, { ids, values }: FuzzedConsole, { honest }: FuzzedRoute): Readonly<Record<string, string>> {
  const drawn = (name: string, own: string): string =>
    pick(random, [
      () => own,
      () => own,
      () => pick(random, ids[name] ?? values),
      () => encodeURIComponent(pick(random, values)),
      () => inPath(random),
    ])();
  return Object.fromEntries(Object.entries(honest.params).map(([name, own]) => [name, drawn(name, own)]));
}

function pageRequest(random: Random, console: FuzzedConsole, routed: FuzzedRoute, authorization: string): FuzzRequest {
  const { name: routeName, route, honest, asks } = routed;
  const pairs = random() < 0.8 ? pairsOf(honest.query) : [];
  for (let more = whole(random, 4); more > 0; more -= 1)
    pairs.unshift([random() < 0.9 ? pick(random, asks) : oddText(random, 4), anyValue(random, console)]);
  const typed = random() < 0.1 ? `${inPath(random)}=${inPath(random)}` : new URLSearchParams(pairs).toString();
  const method = pick(random, ['GET', 'GET', 'GET', 'GET', 'GET', 'HEAD', 'POST', pick(random, ['PUT', 'PATCH', 'DELETE'])]);
  const isPost = method === 'POST'; // Where the page has a form as well, no field of it is there.
  return {
    kind: 'operator',
    method,
    path: `${pathOf(route, someParams(random, console, routed))}${typed === '' ? '' : `?${typed}`}`,
    headers: { ...consoleHeaders(random, authorization), ...(isPost ? { 'content-type': 'application/json' } : {}) },
    body: isPost ? eventBody(random) : Buffer.alloc(0),
    ...(method === 'GET' ? { route: routeName } : {}),
  };
}
