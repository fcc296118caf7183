// A small web server on `node:http`: routes with one parameter, bodies as text. The sandbox needs no framework, so that a shop
// that has it for development gets none with it.
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface WebRequest {
  readonly method: string;
  readonly path: string;
  /** Without its question mark. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** What stands in the place of `:id` of the route, decoded. */
  readonly id: string;
  readonly raw: IncomingMessage;
}

/** Null: the connection was ended instead. An object is sent as JSON. */
export type WebAnswer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | object;
} | null;
export type Handler = (request: WebRequest) => WebAnswer | Promise<WebAnswer>;

export interface WebServerOptions {
  /** Bytes. */
  readonly bodyLimit: number;
  /** Called first. An answer ends the request. */
  readonly before: (headers: IncomingHttpHeaders) => WebAnswer | undefined;
  /** For what no route takes. */
  readonly otherwise: Handler;
  readonly failed: (error: unknown, status: number) => WebAnswer;
}

class BodyTooLarge extends Error {
  override readonly message = 'Request body is too large';
}

export class WebServer {
  readonly #options: WebServerOptions;
  readonly #routes: { readonly method: string; readonly pattern: RegExp; readonly handle: Handler }[] = [];
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  constructor(options: WebServerOptions) {
    this.#options = options;
    this.#server.keepAliveTimeout = 72_000; // Longer than an SDK keeps a connection, so that none is closed under its next request.
  }

  /** @param path with at most one `:id`. */
  on(method: 'GET' | 'POST', path: string, handle: Handler): void {
    this.#routes.push({ method, pattern: new RegExp(`^${path.replace(':id', '([^/]+)')}$`), handle });
  }

  /** @returns the port. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  /** Ends the connections too. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { before, bodyLimit, failed } = this.#options;
    let answer: WebAnswer;
    try {
      answer = before(request.headers) ?? (await this.#handle(request, await textOf(request, bodyLimit)));
    } catch (error) {
      answer = failed(error, error instanceof BodyTooLarge ? 413 : 500);
    }
    if (answer === null || response.destroyed) return;
    const { status, headers = {}, body = '' } = answer;
    const isText = typeof body === 'string';
    const text = isText ? body : JSON.stringify(body);
    response.writeHead(status, {
      'content-type': isText ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8',
      ...headers,
      'content-length': Buffer.byteLength(text),
      ...(request.complete ? {} : { connection: 'close' }), // What is left of the body would be read as the next request.
    });
    response.end(request.method === 'HEAD' ? '' : text);
  }

  #handle(raw: IncomingMessage, body: string): WebAnswer | Promise<WebAnswer> {
    const [path = '/', query = ''] = (raw.url ?? '/').split(/\?(.*)/s);
    const { method = 'GET', headers } = raw;
    const request = { method, path, query, headers, body, id: '', raw };
    for (const route of this.#routes) {
      const match = route.method === method ? route.pattern.exec(path) : null;
      if (match) return route.handle({ ...request, id: decoded(match[1] ?? '') });
    }
    return this.#options.otherwise(request);
  }
}

/** Sends the browser there. */
export function seeOther(location: string): WebAnswer {
  return { status: 303, headers: { location } };
}

async function textOf(request: IncomingMessage, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).length;
    if (size > limit) throw new BodyTooLarge();
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
