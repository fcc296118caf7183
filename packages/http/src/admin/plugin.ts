// The operations console on Fastify: what waits for a person, why an order is in its state, and the means to fix it. It is for
// people of the shop only: it cannot be mounted without `authenticate`, and actions are recorded with the operator's id.
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { send, statusOfRefusal } from '../answer.ts';
import type { Operator } from '../console-call.ts';
import type { ConsoleRequest } from '../console-request.ts';
import { type Admitted, consoleHeaders } from '../console-routes.ts';
import { type Reply, unexpectedReply } from '../reply.ts';
import { type ConsoleOptions, consoleBodyLimit, openConsole } from './options.ts';

/** Options of {@link paymentAdminPlugin}. An unknown option or an unusable value is refused with `invalid_input`. */
export interface PaymentAdminPluginOptions extends ConsoleOptions {
  /**
   * Called before each request, before its body is read. Undefined: answered with 401. It may answer by itself, as with
   * `await reply.redirect('/login')`. If it throws, the request is refused with the `statusCode` of the error, or 500. Each
   * refusal is logged at `warn` with the address, `request.ip`; attempts are not limited here.
   */
  readonly authenticate: (request: FastifyRequest, reply: FastifyReply) => Promise<Operator | undefined> | Operator | undefined;
}

/** OPTIONS is the host's: it may answer to other sites. */
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/**
 * Mounts the console: `await app.register(paymentAdminPlugin, { payments, authenticate })`. Browsers get pages; a request
 * that does not accept `text/html` gets the same as JSON.
 *
 * @throws LedgerError `invalid_input`: `authenticate` is missing, or an option is unknown or unusable.
 */
export const paymentAdminPlugin: FastifyPluginAsync<PaymentAdminPluginOptions> = fastifyPlugin(
  async (app: FastifyInstance, options: PaymentAdminPluginOptions) => {
    const { core, path } = openConsole('paymentAdminPlugin', options);
    const admitted = new WeakMap<FastifyRequest, Admitted>();

    // In a scope of its own, not wrapped: the hooks guard each of these routes and no other.
    await app.register(async (scope: FastifyInstance) => {
      scope.setErrorHandler((error, request, reply) => {
        const status = statusOfRefusal(error, request);
        if (status >= 500) unexpectedReply(error, status, request.log);
        // Else the rest of a body that is too long would have to be read before the next request.
        if (!request.raw.complete) void reply.header('connection', 'close');
        return send(reply, core.refuse(consoleRequest(request), status, admitted.get(request)?.operator));
      });
      scope.addHook('onRequest', async (request, reply) => {
        void reply.headers(consoleHeaders);
        const answer = await core.admit(consoleRequest(request), () => asked(options, request, reply), request.log);
        if (reply.sent) return reply;
        if ('status' in answer) return send(reply, answer);
        admitted.set(request, answer);
        return undefined;
      });
      // After the hooks of the host: our pages work under this policy alone.
      scope.addHook('onSend', async (_request, reply, payload) => {
        void reply.header('content-security-policy', consoleHeaders['content-security-policy']);
        return payload;
      });
      // The host's own parsers do not apply here.
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: consoleBodyLimit }, (_request, body, done) => done(null, body));
      const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
        const bytes = request.body instanceof Uint8Array ? request.body : new Uint8Array();
        const call = admitted.get(request);
        if (!call) throw new Error('nobody was let in'); // The hook above lets nobody pass without one.
        return send(reply, await call.answer({ bytes, type: request.headers['content-type'] }));
      };
      for (const url of [path, `${path}/*`]) scope.route({ method: methods, url, exposeHeadRoute: false, handler });
    });
  },
  { fastify: '5.x', name: '@paidonce/http/admin' },
);

async function asked(
  { authenticate }: PaymentAdminPluginOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Operator | Reply | undefined> {
  const { send } = reply;
  let hasBegun = false;
  reply.send = (payload) => {
    hasBegun = true;
    return send.call(reply, payload);
  };
  const operator = await authenticate(request, reply);
  reply.send = send;
  // The hooks of the host may take their time with an answer that nobody has awaited.
  if (hasBegun) await reply;
  return reply.sent ? { status: reply.statusCode, headers: {}, body: '' } : operator;
}

/** The mount is found in the route's own URL: the host may have registered the plugin under a prefix. */
function consoleRequest(request: FastifyRequest): ConsoleRequest {
  const { method, url, headers } = request;
  const mount = (request.routeOptions.url ?? '').replace(/\/\*$/, '');
  const [path = '', ...search] = url.split('?');
  // By parts, not by length: the client may spell the mount in another way, as `%61dmin`.
  const below = path.split('/').slice(mount.split('/').length);
  return {
    method,
    below: below.map((part) => `/${part}`).join(''),
    mountName: mount.slice(mount.lastIndexOf('/') + 1),
    search: search.length === 0 ? '' : `?${search.join('?')}`,
    host: request.host,
    address: request.ip,
    header: (name) => {
      const value = headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
  };
}
