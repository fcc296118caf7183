// `POST /webhooks/stripe`: passes on the raw bytes and the signature, and answers so that Stripe sends again exactly what
// is not yet durable (law 8). Refused before the body is read: another type than JSON, no signature, too long.
import type { Readable } from 'node:stream';
import { WarningLimit } from '@paidonce/ledger/adapter';
import type { StripePayments } from '@paidonce/stripe-adapter';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import { answer, answerFailure, answerRefusal } from './answer.ts';
import type { RouteMetrics } from './route-metrics.ts';
import { WebhookBodies } from './webhook-body.ts';

export interface WebhookOptions {
  readonly payments: StripePayments;
  readonly webhookPath: string;
  readonly bodyLimit: number;
  readonly bodyTimeoutMs: number;
  readonly metrics: RouteMetrics;
}

const forged = 'paidonce: forged or stale webhook signature. If Stripe sent it: is its secret among webhookSecrets?';

export function webhookRoute({ payments, webhookPath, bodyLimit, bodyTimeoutMs, metrics }: WebhookOptions): FastifyPluginAsync {
  const { runtime } = payments.ledger;
  const bodies = new WebhookBodies(bodyLimit, bodyTimeoutMs * runtime.patience);
  const warnings = new WarningLimit(runtime);
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
      onRequest: async (request, reply) => {
        bodies.begin(request, reply);
        if (!isJson(request.headers['content-type'])) return answer(reply, 415, { error: 'unsupported_media_type' });
        if (isSigned(request.headers['stripe-signature'])) return undefined;
        metrics.webhook('bad_signature');
        return answer(reply, 400, { error: 'bad_signature' });
      },
      handler: async (request, reply) => {
        const signature = request.headers['stripe-signature'];
        const rawBody = request.body instanceof Uint8Array ? request.body : new Uint8Array();
        try {
          const { outcome } = await payments.handleWebhook(rawBody, isSigned(signature) ? signature : '');
          metrics.webhook(outcome);
          if (outcome !== 'bad_signature') return answer(reply, 200, { outcome });
          const refused = warnings.due();
          if (refused > 0) request.log.warn({ address: request.ip, refused }, forged);
          return answer(reply, 400, { error: outcome });
        } catch (error) {
          metrics.webhook('failed');
          return answerFailure(error, request, reply);
        }
      },
    });
  };
}

function isSigned(header: string | string[] | undefined): header is string {
  return typeof header === 'string' && header !== '';
}

function isJson(contentType: string | undefined): boolean {
  return contentType?.split(';')[0]?.trim().toLowerCase() === 'application/json';
}
