// `POST /webhooks/stripe`: passes on the raw bytes and the signature, and answers so that Stripe sends again exactly what
// is not yet durable (law 8). Refused before the body is read: another type than JSON, no signature, too long.
import type { StripePayments } from '@paidonce/stripe-adapter';
import type { FastifyPluginAsync } from 'fastify';
import { answer, answerFailure, answerRefusal } from './answer.ts';
import type { RouteMetrics } from './metrics.ts';

export interface WebhookOptions {
  readonly payments: StripePayments;
  readonly webhookPath: string;
  readonly bodyLimit: number;
  readonly metrics: RouteMetrics;
}

export function webhookRoute({ payments, webhookPath, bodyLimit, metrics }: WebhookOptions): FastifyPluginAsync {
  return async (scope) => {
    scope.setErrorHandler(answerRefusal);
    // `*` and not `application/json`: to add that parser throws if the host has its own.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

    scope.route({
      method: 'POST',
      url: webhookPath,
      bodyLimit,
      // All webhooks of Stripe come from a few addresses: a host's global limit would answer 429 on a busy day.
      config: { rateLimit: false },
      onRequest: async (request, reply) => {
        if (!isJson(request.headers['content-type'])) return answer(reply, 415, { error: 'unsupported_media_type' });
        if (!isSigned(request.headers['stripe-signature'])) return answer(reply, 400, { error: 'bad_signature' });
      },
      handler: async (request, reply) => {
        const signature = request.headers['stripe-signature'];
        const rawBody = request.body instanceof Uint8Array ? request.body : new Uint8Array();
        try {
          const { outcome } = await payments.handleWebhook(rawBody, isSigned(signature) ? signature : '');
          metrics.webhook(outcome);
          if (outcome !== 'bad_signature') return answer(reply, 200, { outcome });
          request.log.warn('paidonce: forged or stale webhook signature. If Stripe sent it: is its secret among webhookSecrets?');
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
