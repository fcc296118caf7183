// Requests that no honest client sends, from a seed: webhooks with all that a header and a body may hold, status queries,
// the console with and without an operator, and bytes that are no HTTP. One seed gives the same requests again.
import { bytesOf, eventBody, hex, oddText, pick, type Random, signatureHeader, whole } from './fuzz-values.test-support.ts';

export interface FuzzRequest {
  readonly kind: 'webhook' | 'status' | 'console' | 'operator' | 'raw';
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
  /** Only for `raw`: what is written to the socket as it is. */
  readonly bytes?: Buffer;
}

function webhook(random: Random): FuzzRequest {
  const body = eventBody(random);
  const jsonType = 'application/json; charset=utf-8';
  const contentType =
    random() < 0.9 ? jsonType : pick(random, ['application/json;', 'APPLICATION/JSON', 'text/plain', oddText(random, 4), '']);
  const signatures = random() < 0.05 ? [signatureHeader(random, body), signatureHeader(random, body)] : signatureHeader(random, body);
  const headers = { 'content-type': contentType, ...(random() < 0.97 ? { 'stripe-signature': signatures } : {}) };
  return {
    kind: 'webhook',
    method: random() < 0.97 ? 'POST' : pick(random, ['GET', 'PUT', 'HEAD', 'PATCH']),
    path: '/webhooks/stripe',
    headers,
    body,
  };
}

/** What may stand in a path. `http.request` takes no other characters; `raw` sends those. */
const inPath = (random: Random): string =>
  pick(random, [
    () => encodeURIComponent(oddText(random)),
    () => oddText(random, 8).replaceAll(/[^!-~]/g, '%e9'),
    () => `cs_test_${hex(random, 40)}`,
    () => `pi_${hex(random, 200)}`,
    () => '%',
    () => '%c3%28',
    () => '../'.repeat(whole(random, 8)),
    () => 'a'.repeat(whole(random, 3_000)),
    () => '%00%0d%0aset-cookie:a',
  ])();

function status(random: Random): FuzzRequest {
  const query = random() < 0.3 ? `?${inPath(random)}=${inPath(random)}` : '';
  const method = random() < 0.95 ? 'GET' : pick(random, ['HEAD', 'POST', 'OPTIONS', 'DELETE']);
  return {
    kind: 'status',
    method,
    path: `/payment/status/${inPath(random)}${query}`,
    headers: { accept: oddText(random, 3).replaceAll('é', 'e') },
    body: Buffer.alloc(0),
  };
}

const consolePaths = [
  '',
  '/reviews',
  '/undelivered',
  '/open-orders',
  '/find',
  '/orders/order-1',
  '/orders/order-1/recheck',
  '/orders/order-1/redeliver',
  '/orders/order-1/reviews/r1',
];

function consoleRequest(random: Random, authorization: string | undefined): FuzzRequest {
  const odd = pick(random, [
    `/orders/${inPath(random)}`,
    `/find?id=${inPath(random)}`,
    `/${inPath(random)}`,
    `/orders/${inPath(random)}/reviews/${inPath(random)}`,
    `/reviews?after=${inPath(random)}`,
  ]);
  const own = pick(random, consolePaths);
  // An operator does nothing to the order that is there: what they may do is no attack.
  const path = `/admin/payments${authorization === undefined && random() < 0.5 ? own : odd}`;
  const method = pick(random, ['GET', 'GET', 'POST', 'POST', 'HEAD']);
  const given = authorization ?? pick(random, ['', 'Basic', `Basic ${hex(random, 20)}`, 'Bearer', oddText(random, 6)]);
  const headers = {
    authorization: given,
    accept: pick(random, ['text/html', 'application/json', oddText(random, 3)]),
    ...(random() < 0.5 ? { 'sec-fetch-site': pick(random, ['same-origin', 'cross-site', oddText(random, 2)]) } : {}),
    ...(random() < 0.3 ? { origin: pick(random, ['https://evil.example', 'null', oddText(random, 4)]) } : {}),
    'content-type': pick(random, ['application/x-www-form-urlencoded', 'application/json', 'text/plain', oddText(random, 2)]),
  };
  const form = Buffer.from(`reason=${oddText(random, 40)}&outcome=${oddText(random, 3)}&revision=${oddText(random, 3)}`);
  return {
    kind: authorization === undefined ? 'console' : 'operator',
    method,
    path,
    headers,
    body: method === 'POST' ? pick(random, [form, eventBody(random)]) : Buffer.alloc(0),
  };
}

/** Bytes on a socket: half a request, lengths that lie, chunks that are none. */
function raw(random: Random): FuzzRequest {
  const head = `POST /webhooks/stripe HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\nstripe-signature: ${hex(random, 20)}\r\n`;
  const text = pick(random, [
    () => `${head}content-length: ${whole(random, 500)}\r\n\r\n${oddText(random)}`,
    () => `${head}content-length: 5\r\ncontent-length: 6\r\n\r\n123456`,
    () => `${head}transfer-encoding: chunked\r\n\r\n${hex(random, 3)}\r\n${oddText(random)}`,
    () => `${head}transfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n0\r\n\r\n`,
    () => `${head}expect: 100-continue\r\ncontent-length: 9999\r\n\r\n`,
    () => `GET /payment/status/${oddText(random)} ${oddText(random)} HTTP/1.1\r\nhost: shop\r\n\r\n`,
    () => `GET /admin/payments HTTP/1.1\r\n${oddText(random)}\r\n\r\n`,
    () => `GET /health/ready HTTP/1.0\r\n\r\n`,
    () => `${'x'.repeat(whole(random, 20_000))}\r\n\r\n`,
    () => bytesOf(random, 300).toString('latin1'),
  ])();
  return { kind: 'raw', method: '', path: '', headers: {}, body: Buffer.alloc(0), bytes: Buffer.from(text, 'latin1') };
}

/** The next request. Half of them are webhooks; one in fifty needs a connection of its own. */
export function nextRequest(random: Random, operator: string): FuzzRequest {
  const drawn = random();
  if (drawn < 0.02) return raw(random);
  if (drawn < 0.5) return webhook(random);
  if (drawn < 0.75) return status(random);
  return consoleRequest(random, drawn < 0.88 ? undefined : operator);
}
