// What an operator may do: ask Stripe again, deliver again, resolve a review. Each goes through the ledger's one write
// path, and cannot state a payment by itself: Stripe's answer or the ledger's policy decides.

import type { ManualAction, Resolution } from '@paidonce/ledger';
import { defined } from '@paidonce/ledger/adapter';
import { type Console, type ConsoleCall, ConsoleProblem, type ConsoleRoute } from '../console-call.ts';
import { jsonReply, type Reply, redirectReply } from '../reply.ts';

export function actionRoutes({ payments }: Console): readonly ConsoleRoute[] {
  const { ledger } = payments;
  const on = (call: ConsoleCall): string => call.params['orderId'] ?? '';
  return [
    {
      method: 'POST',
      pattern: 'orders/:orderId/recheck',
      may: 'repair',
      answer: async (call) => {
        const { objects, order } = await payments.recheck(on(call));
        return done(call, 'recheck', 'asked', { objects, ...defined({ order }) });
      },
    },
    {
      method: 'POST',
      pattern: 'orders/:orderId/redeliver',
      may: 'repair',
      answer: async (call) => {
        const { outcome } = await ledger.redeliver(on(call), signed(call));
        return done(call, 'redeliver', outcome, { outcome });
      },
    },
    {
      method: 'POST',
      pattern: 'orders/:orderId/reviews/:reviewId',
      may: 'money',
      answer: async (call) => {
        const { resolution, seenRevision } = call.fields;
        const revision = typeof seenRevision === 'string' && seenRevision !== '' ? Number(seenRevision) : seenRevision;
        const how = { resolution: resolution as Resolution, seenRevision: revision as number };
        const { outcome } = await ledger.resolveReview(on(call), call.params['reviewId'] ?? '', how, signed(call));
        return done(call, 'review', outcome, { outcome });
      },
    },
  ];
}

function signed({ fields, operator }: ConsoleCall): ManualAction {
  const { reason } = fields;
  if (typeof reason !== 'string' || reason.trim() === '')
    throw new ConsoleProblem(400, 'invalid_input', 'Say why, in `reason`: the log keeps it for whoever asks later. Nothing was done.');
  return { actor: operator.actor, reason: reason.trim() };
}

function done({ log, operator, params, wantsPage, root }: ConsoleCall, what: string, outcome: string, data: object): Reply {
  const { orderId = '' } = params;
  log.info({ actor: operator.actor, orderId, what, outcome }, 'paidonce: console');
  return wantsPage ? redirectReply(303, `${root}orders/${encodeURIComponent(orderId)}?did=${what}-${outcome}`) : jsonReply(200, data);
}
