// What an operator may do: ask Stripe again, deliver again, resolve a review. Each goes through the ledger's one write
// path, and cannot state a payment by itself: Stripe's answer or the ledger's policy decides. Delivery and resolution are
// recorded with the operator's id and reason; a recheck needs neither.

import { LedgerError, type ManualAction, type Resolution } from '@paidonce/ledger';
import { defined } from '@paidonce/ledger/adapter';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { answer } from '../answer.ts';
import { wantsPage } from './answer-page.ts';
import type { Console } from './console.ts';
import { orderPath } from './pages.ts';

interface OnOrder {
  Params: { orderId: string };
  Body: Record<string, unknown> | null | undefined;
}
interface OnReview extends OnOrder {
  Params: { orderId: string; reviewId: string };
}

export function actionRoutes(scope: FastifyInstance, { payments, path, actorOf }: Console): void {
  const { ledger } = payments;

  scope.post<OnOrder>(`${path}/orders/:orderId/recheck`, async (request, reply) => {
    const { objects, order } = await payments.recheck(request.params.orderId);
    return done(request, reply, 'recheck', 'asked', { objects, ...defined({ order }) });
  });

  scope.post<OnOrder>(`${path}/orders/:orderId/redeliver`, async (request, reply) => {
    const { outcome } = await ledger.redeliver(request.params.orderId, signed(request));
    return done(request, reply, 'redeliver', outcome, { outcome });
  });

  scope.post<OnReview>(`${path}/orders/:orderId/reviews/:reviewId`, async (request, reply) => {
    const { orderId, reviewId } = request.params;
    const { resolution, seenRevision } = request.body ?? {};
    // A form sends only text. A value that is neither text nor a number is refused by the ledger, which names it.
    const revision = typeof seenRevision === 'string' && seenRevision !== '' ? Number(seenRevision) : seenRevision;
    const how = { resolution: resolution as Resolution, seenRevision: revision as number };
    const { outcome } = await ledger.resolveReview(orderId, reviewId, how, signed(request));
    return done(request, reply, 'review', outcome, { outcome });
  });

  function signed(request: FastifyRequest<OnOrder>): ManualAction {
    const reason = request.body?.['reason'];
    if (typeof reason !== 'string' || reason.trim() === '')
      throw new LedgerError('invalid_input', 'Say why, in `reason`: the log keeps it for whoever asks later. Nothing was done.');
    return { actor: actorOf(request), reason: reason.trim() };
  }

  function done(request: FastifyRequest<OnOrder>, reply: FastifyReply, what: string, outcome: string, data: object): FastifyReply {
    const { orderId } = request.params;
    request.log.info({ actor: actorOf(request), orderId, what, outcome }, 'paidonce: console');
    if (!wantsPage(request)) return answer(reply, 200, data);
    return reply.redirect(`${orderPath(path, orderId)}?did=${what}-${outcome}`, 303);
  }
}
