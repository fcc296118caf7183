// Serves a web-standard handler on Node's own requests: Express, NestJS, Connect, or `http.createServer`.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { noteReadBody } from './read-body.ts';

/** What body parsers of a host leave on a request. */
interface ParsedRequest extends IncomingMessage {
  readonly originalUrl?: string;
  readonly body?: unknown;
  readonly rawBody?: unknown;
}

/**
 * A handler for Node's `(req, res)`: `app.use('/admin/payments', nodeHandler(paymentConsole(…)))` on Express. The whole path is
 * used, also below a mounted router. Bytes that a body parser has kept (`express.raw()`, `rawBody`) are handed on; a parsed form
 * or parsed JSON is handed on to the console, and is refused by the webhook, which needs the bytes.
 *
 * `next` is called with what the handler throws; without `next` that is answered with 500. A method that no `Request` can have, such
 * as TRACE, is answered with 405.
 */
export function nodeHandler(
  handler: (request: Request) => Promise<Response> | Response,
): (req: IncomingMessage, res: ServerResponse, next?: (error?: unknown) => void) => Promise<void> {
  return async (req, res, next) => {
    const gone = new AbortController();
    res.once('close', () => gone.abort());
    try {
      const response = isRefused(req) ? refusal() : await handler(requestOf(req, gone.signal));
      await send(response, req, res);
    } catch (error) {
      if (next) return next(error);
      if (res.headersSent) return void res.destroy();
      res.writeHead(500, { 'content-type': 'application/json; charset=utf-8', ...ending(req) });
      res.end('{"error":"internal"}');
    }
  };
}

function requestOf(req: ParsedRequest, signal: AbortSignal): Request {
  const { method = 'GET', headers: given } = req;
  const headers = new Headers();
  // HTTP/2 has its pseudo-headers among them.
  for (const [name, value] of Object.entries(given)) {
    if (name.startsWith(':') || value === undefined) continue;
    for (const each of Array.isArray(value) ? value : [value]) headers.append(name, each);
  }
  const isTls = 'encrypted' in req.socket && req.socket.encrypted === true;
  const origin = originOf(`${isTls ? 'https' : 'http'}://${given.host ?? String(given[':authority'] ?? 'localhost')}`);
  const path = req.originalUrl ?? req.url ?? '/';
  const url = `${origin}${path.startsWith('/') ? path : '/'}`;
  if (method === 'GET' || method === 'HEAD') return new Request(url, { method, headers, signal });

  const bytes = [req.rawBody, req.body].find((body) => body instanceof Uint8Array);
  if (bytes instanceof Uint8Array) return new Request(url, { method, headers, signal, body: new Uint8Array(bytes) });
  // The stream says whether it was read, not `body`: body-parser 1 leaves `{}` beside each body that is not of its type.
  if (req.readableDidRead || req.readableEnded) {
    const request = new Request(url, { method, headers, signal });
    noteReadBody(request, req.body);
    return request;
  }
  // The types of Node's stream and of the web's are not the same one.
  const body = Readable.toWeb(req) as unknown as ReadableStream<Uint8Array>;
  return new Request(url, { method, headers, signal, body, duplex: 'half' });
}

/** No `Request` can have a name and a password in its URL. */
function originOf(text: string): string {
  if (!URL.canParse(text)) return 'http://localhost';
  const { origin, username, password } = new URL(text);
  return username === '' && password === '' ? origin : 'http://localhost';
}

/** No `Request` can have these methods. */
function isRefused({ method = 'GET' }: IncomingMessage): boolean {
  return ['CONNECT', 'TRACE', 'TRACK'].includes(method);
}

function refusal(): Response {
  const headers = { 'content-type': 'application/json; charset=utf-8', allow: 'GET, HEAD, POST' };
  return new Response('{"error":"method_not_allowed"}', { status: 405, headers });
}

async function send(response: Response, req: IncomingMessage, res: ServerResponse): Promise<void> {
  res.statusCode = response.status;
  for (const [name, value] of response.headers) if (name !== 'set-cookie') res.setHeader(name, value);
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) res.setHeader('set-cookie', cookies);
  for (const [name, value] of Object.entries(ending(req))) res.setHeader(name, value);
  const body = response.body === null || req.method === 'HEAD' ? undefined : new Uint8Array(await response.arrayBuffer());
  if (body !== undefined) res.setHeader('content-length', body.length);
  else if (req.method !== 'HEAD' && response.status !== 204 && response.status !== 304) res.setHeader('content-length', 0);
  res.end(body);
}

/** A body that was not read to its end would have to be, before the next request on the connection. */
function ending(req: IncomingMessage): { readonly connection?: 'close' } {
  return req.complete ? {} : { connection: 'close' };
}
