// A small round-robin load balancer for the replicas. Never sends a request twice that a replica may have carried out, and
// sends nothing to a replica that does not answer until it is ready again.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { type Backend, isReady } from './replica.ts';

export interface LoadBalancer extends AsyncDisposable {
  readonly url: string;
}

/** A request that a replica has answered. */
export interface Answered {
  readonly method: string;
  readonly path: string;
  readonly sent: string;
  readonly status: number;
  readonly location: string;
  readonly answer: string;
  /** From sending it on to the end of the answer, in milliseconds. */
  readonly tookMs: number;
}

const probeEveryMs = 250;

/**
 * Opens it.
 * @param backends returns the present replicas: one that was started again has another address.
 * @param onAnswer hears of each answer before the client does.
 */
export async function openLoadBalancer(
  backends: () => readonly Backend[],
  onAnswer: (answered: Answered) => void = () => undefined,
): Promise<LoadBalancer> {
  let turn = 0;
  const next = (tried: ReadonlySet<Backend>): Backend | undefined => {
    const candidates = backends().filter((backend) => backend.up && !tried.has(backend));
    return candidates[turn++ % candidates.length];
  };
  const server = createServer((request, response) => {
    carry(request, response, next, onAnswer).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(502);
      response.end(String(error));
    });
  });
  server.keepAliveTimeout = 75_000; // Longer than a client keeps a connection: else it may end just as the next request comes.
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const closing = new AbortController();
  const probing = probe(backends, closing.signal);
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      await probing;
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function probe(backends: () => readonly Backend[], closing: AbortSignal): Promise<void> {
  while (!closing.aborted) {
    for (const backend of backends().filter(({ up, url }) => !up && url !== '')) backend.up = await isReady(backend.url);
    await wait(probeEveryMs, undefined, { signal: closing }).catch(() => undefined);
  }
}

async function carry(
  request: IncomingMessage,
  response: ServerResponse,
  next: (tried: ReadonlySet<Backend>) => Backend | undefined,
  onAnswer: (answered: Answered) => void,
): Promise<void> {
  const { method = 'GET', url = '/' } = request;
  const body = await buffer(request);
  const tried = new Set<Backend>();
  for (let backend = next(tried); backend; backend = next(tried)) {
    tried.add(backend);
    const { life } = backend;
    const sentMs = performance.now();
    try {
      const answer = await fetch(`${backend.url}${url}`, {
        method,
        headers: forwarded(request),
        ...(body.length > 0 ? { body: new Uint8Array(body) } : {}),
        redirect: 'manual',
      });
      const answered = Buffer.from(await answer.arrayBuffer());
      life.requests += 1;
      if (url.startsWith('/webhooks/')) life.webhooks += 1;
      const location = answer.headers.get('location') ?? '';
      const [session] = /cs_test_\w+/.exec(location) ?? [];
      if (method === 'POST' && session) life.sessions.add(session);
      const tookMs = performance.now() - sentMs;
      onAnswer({ method, path: url, sent: String(body), status: answer.status, location, answer: String(answered), tookMs });
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(answered);
      return;
    } catch (error) {
      backend.up = false;
      // A refused connection carried nothing. Otherwise only a GET may be sent again. Stripe itself repeats its webhooks.
      const refused = (error as { cause?: { code?: string } }).cause?.code === 'ECONNREFUSED';
      if (!refused && method !== 'GET') break;
    }
  }
  response.writeHead(502).end('No replica answers.');
}

function forwarded({ headers, socket }: IncomingMessage): Headers {
  const forwarded = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string' && !/^(?:host|connection|content-length|transfer-encoding|expect)$/.test(name))
      forwarded.set(name, value);
  }
  if (!forwarded.has('x-forwarded-for')) forwarded.set('x-forwarded-for', socket.remoteAddress ?? '127.0.0.1');
  return forwarded;
}
