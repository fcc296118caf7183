// `POST /webhooks/stripe`: passes on the raw bytes and the signature, and answers so that Stripe sends again exactly what
// is not yet durable (law 8). Refused before the body is read: another type than JSON, no signature, too long.
import type { Readable } from 'node:stream';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import { answerRefusal, send } from './answer.ts';
import { isSigned, type PaymentRoutes } from './routes.ts';
import { WebhookBodies } from './webhook-body.ts';

export interface WebhookOptions {
  readonly routes: PaymentRoutes;
  readonly webhookPath: string;
  readonly bodyLimit: number;
  readonly bodyTimeoutMs: number;
}

export function webhookRoute({ routes, webhookPath, bodyLimit, bodyTimeoutMs }: WebhookOptions): FastifyPluginAsync {
  const bodies = new WebhookBodies(bodyLimit, bodyTimeoutMs);
  return async (scope) => {
    scope.setErrorHandler((error, request, reply) => {
      // Else the rest of a body that is too long or too slow would have to be read before the next request.
      if (!request.raw.complete) void reply.header('connection', 'close');
      return answerRefusal(error, request, reply);
    });
    // `*` and not `application/json`: to add that parser throws if the host has its own.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (request: FastifyRequest, payload: Readable) => bodies.read(request, payload));

    scope.route({
      method: 'POST',
      url: webhookPath,
      // All webhooks of Stripe come from a few addresses: a host's global limit would answer 429 on a busy day.
      config: { rateLimit: false },
      onRequest: (request, reply, done) => {
        bodies.begin(request, reply);
        const refused = routes.refuseWebhook(request.headers['content-type'], request.headers['stripe-signature']);
        if (refused) void send(reply, refused);
        else done();
      },
      handler: async (request, reply) => {
        const given = request.headers['stripe-signature'];
        const signature = isSigned(given) ? given : '';
        const rawBody = request.body instanceof Uint8Array ? request.body : new Uint8Array();
        return send(reply, await routes.webhook({ rawBody, signature, address: request.ip }, request.log));
      },
    });
  };
}
