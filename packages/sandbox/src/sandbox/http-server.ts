// The sandbox on a socket: Fastify carries the API, the hosted page and the control entries. Loopback only.
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { shapesOf } from './api/answer-shape.ts';
import { invalidRequest } from './api/stripe-error.ts';
import { registerControl } from './control/control-routes.ts';
import type { Controls } from './controls.ts';
import type { SandboxCore } from './core.ts';
import { registerChallengePage } from './page/challenge-page.ts';
import { registerPaymentPage } from './page/payment-routes.ts';

const HOST = '127.0.0.1';
const BODY_LIMIT = 1_048_576;

/** @param hosts names by which others reach it, besides its own. */
export function createHttpServer(
  core: SandboxCore,
  controls: Controls,
  { closing, hosts }: { readonly closing: AbortSignal; readonly hosts: readonly string[] },
): FastifyInstance {
  const app = Fastify({ bodyLimit: BODY_LIMIT, exposeHeadRoutes: false, forceCloseConnections: true });
  // Every body stays text: forms are read by Stripe's rules, not by the framework's.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) => {
    return reply.code(error.statusCode ?? 500).send(invalidRequest(error.message).body('req_sandbox'));
  });
  app.setNotFoundHandler((request, reply) => {
    // An API path that the sandbox lacks is answered in Stripe's shape. Other paths, like a browser's /favicon.ico, are not
    // counted.
    if (/^\/v[12]\//.test(request.url)) return handleApi(core, request, reply, closing);
    return reply.code(404).type('text/plain').send('Not found. The sandbox has /v1/…, /c/pay/… and /_sandbox.\n');
  });
  refuseOtherHosts(app, hosts);
  registerPaymentPage(app, core, controls);
  registerChallengePage(app, core, controls);
  registerControl(app, core, controls);
  app.get('/', (_request, reply) => reply.redirect('/_sandbox', 303));
  const method = ['GET', 'POST', 'DELETE'];
  for (const url of ['/v1/*', '/v2/*']) app.route({ method, url, handler: (request, reply) => handleApi(core, request, reply, closing) });
  return app;
}

const OWN_NAMES = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * Answers requests for our own names only. A page of any site can make a browser on this machine resolve that site's name to
 * 127.0.0.1 (DNS rebinding), and would then read and pay everything here; but it cannot change the name in `Host`.
 */
function refuseOtherHosts(app: FastifyInstance, hosts: readonly string[]): void {
  const names = new Set([...OWN_NAMES, ...hosts.map((name) => name.toLowerCase())]);
  app.addHook('onRequest', async ({ headers: { host = '' } }, reply) => {
    const name = host.replace(/:\d*$/, '').toLowerCase();
    if (names.has(name)) return undefined;
    return reply
      .code(421)
      .type('text/plain; charset=utf-8')
      .send(`The sandbox answers to ${[...names].join(', ')} only. For another name, start it with --hosts NAME or SANDBOX_HOSTS=NAME.\n`);
  });
}

/** @throws Error that names the port, if it is taken. */
export async function listen(app: FastifyInstance, port: number): Promise<number> {
  try {
    await app.listen({ host: HOST, port });
  } catch (error) {
    const isPortInUse = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    throw isPortInUse
      ? new Error(`Port ${port} is taken. Stop what listens there, or start the sandbox on another port.`, { cause: error })
      : error;
  }
  const address = app.server.address();
  return typeof address === 'object' && address ? address.port : port;
}

async function handleApi(core: SandboxCore, request: FastifyRequest, reply: FastifyReply, closing: AbortSignal): Promise<FastifyReply> {
  const [path = '/', query = ''] = (request.raw.url ?? '/').split(/\?(.*)/s);
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value]),
  );
  const answer = core.api.handle({
    method: request.method,
    path,
    query,
    headers,
    body: typeof request.body === 'string' ? request.body : '',
  });
  try {
    if (answer.delayMs > 0) await core.settings.runtime.sleep(answer.delayMs, closing);
    if (answer.sending === 'never') await callerGone(request, closing);
    if (answer.sending !== 'sent') {
      reply.hijack();
      request.raw.socket.destroy();
      return reply;
    }
    const shape = answer.headers['stripe-version'] ?? shapesOf;
    if (answer.isFromStripe && shape === shapesOf) core.settings.witness?.(answer.body);
    return reply.code(answer.status).headers(answer.headers).send(answer.body);
  } finally {
    answer.done();
  }
}

function callerGone({ raw }: FastifyRequest, closing: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    raw.socket.once('close', resolve);
    closing.addEventListener('abort', () => resolve(), { once: true });
    if (closing.aborted) resolve();
  });
}
