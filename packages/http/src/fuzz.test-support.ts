// Requests that no honest client sends, from a seed: webhooks with all that a header and a body may hold, status queries,
// the console with and without an operator, and bytes that are no HTTP. One seed gives the same requests again.
import { consoleRequests } from './fuzz-console.test-support.ts';
import type { FuzzedConsole } from './fuzz-routes.test-support.ts';
import {
  bytesOf,
  eventBody,
  type FuzzRequest,
  hex,
  inPath,
  oddText,
  pick,
  type Random,
  signatureHeader,
  whole,
} from './fuzz-values.test-support.ts';

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

/** The requests of a seed, one after another. One in fifty needs a connection of its own. */
export function fuzzRequests(random: Random, console: FuzzedConsole): () => FuzzRequest {
  const nextOfConsole = consoleRequests(random, console);
  return () => {
    const drawn = random();
    if (drawn < 0.02) return raw(random);
    if (drawn < 0.45) return webhook(random);
    if (drawn < 0.65) return status(random);
    return nextOfConsole();
  };
}
