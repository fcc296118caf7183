// `GET /payment/status/:sessionId`: the success page asks how its payment stands, by the id of its Checkout session or payment
// intent. The page claims nothing: only the id in the path is read, and only Stripe's own answer can change anything. An id
// that is not ours gets no hint.

import rateLimit from '@fastify/rate-limit';
import { LedgerError } from '@paidonce/ledger';
import { defined, isId } from '@paidonce/ledger/adapter';
import type { PaymentStatus, StripePayments } from '@paidonce/stripe-adapter';
import type { FastifyPluginAsync } from 'fastify';
import { answer, answerFailure, answerRefusal } from './answer.ts';
import type { RouteMetrics } from './route-metrics.ts';

export interface StatusOptions {
  readonly payments: StripePayments;
  readonly statusPath: string;
  readonly statusRateLimit: false | { readonly max: number; readonly timeWindowMs: number };
  readonly metrics: RouteMetrics;
}

export function statusRoute({ payments, statusPath, statusRateLimit, metrics }: StatusOptions): FastifyPluginAsync {
  return async (scope) => {
    scope.setErrorHandler(answerRefusal);
    // Set before the rate limit, so that every answer has them.
    scope.addHook('onRequest', async (_request, reply) => {
      void reply.headers({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    });
    if (statusRateLimit) await scope.register(rateLimit, { global: false });

    scope.route<{ Params: { sessionId: string } }>({
      method: 'GET',
      url: statusPath,
      exposeHeadRoute: false,
      // On the route itself, so that it also replaces a global limit of the host.
      config: { rateLimit: statusRateLimit && { max: statusRateLimit.max, timeWindow: statusRateLimit.timeWindowMs } },
      handler: async (request, reply) => {
        const { sessionId } = request.params;
        try {
          const status = isId(sessionId) ? await payments.status(sessionId) : undefined;
          metrics.statusQuery(status ? (status.stale ? 'stale' : 'answered') : 'unknown');
          return status ? answer(reply, 200, shown(status)) : answer(reply, 404, unknownSession);
        } catch (error) {
          // A malformed id and an unknown one get the same answer, so that nobody learns which ids could exist.
          const isMalformed = error instanceof LedgerError && error.code === 'invalid_input';
          metrics.statusQuery(isMalformed ? 'unknown' : 'failed');
          if (isMalformed) return answer(reply, 404, unknownSession);
          return answerFailure(error, request, reply);
        }
      },
    });
  };
}

const unknownSession = { error: 'not_found' };

/** Only these fields are sent, even if the adapter's status gets more. */
function shown({ state, stale, nextPollAfterMs }: PaymentStatus): PaymentStatus {
  return { state, stale, ...defined({ nextPollAfterMs }) };
}
