// What people do with one subscription. Each goes through the ledger's one write path and is signed. Where the subscription has news
// that the person did not see, nothing is done.
import {
  LedgerError,
  type Resolution,
  readSubscriptionEvent,
  type StaleSubscription,
  type StoredEvent,
  type SubscriptionEvent,
  type SubscriptionReads,
} from '@paidonce/ledger';
import { isId } from '@paidonce/ledger/adapter';
import { type Console, type ConsoleCall, ConsoleProblem, type ConsoleRoute } from '../../console-call.ts';
import { jsonReply, type Reply, redirectReply } from '../../reply.ts';
import { type SubscriptionFormName, subscriptionForms } from '../forms.ts';
import { catalogues } from '../words.ts';
import { asFormProblem, FormProblem, requiredText, seenIn, signedBy, textOf } from './form.ts';
import { isEarlier } from './outcome.ts';
import { subscriptionFormReply } from './returned-subscription-form.ts';

interface Done {
  /** One word, for the log and for JSON. */
  readonly outcome: string;
  /** The event that says it. Absent: there is none. */
  readonly said?: StoredEvent | undefined;
  /** True: it had been done before. */
  readonly again?: boolean;
  readonly data?: object;
}

interface At {
  readonly console: Console;
  readonly reads: SubscriptionReads;
  readonly call: ConsoleCall;
  readonly subscriptionId: string;
}

export function subscriptionActionRoutes(console: Console): readonly ConsoleRoute[] {
  const reads = console.payments.ledger.console.subscriptions;
  if (reads === undefined) return [];
  const acts = { recheck, redeliver, resolve };
  return (Object.keys(acts) as SubscriptionFormName[]).map((name) => ({
    method: 'POST',
    pattern: `subscriptions/:subscriptionId/${subscriptionForms[name].path}`,
    may: subscriptionForms[name].may,
    answer: async (call) => {
      const { subscriptionId = '' } = call.params;
      const { actions, subscription } = catalogues[call.language];
      const isKnown = isId(subscriptionId) && (await reads.summary(subscriptionId)) !== undefined;
      if (!isKnown) throw new ConsoleProblem(404, 'not_found', subscription.unknown(subscriptionId));
      try {
        return await answered(console, reads, call, name, await acts[name]({ console, reads, call, subscriptionId }));
      } catch (error) {
        if (error instanceof FormProblem) return subscriptionFormReply(console, reads, call, name, error);
        if (error instanceof LedgerError && error.code === 'provider_unavailable')
          throw new ConsoleProblem(503, error.code, actions.stripeSilent);
        throw error;
      }
    },
  }));
}

async function answered(
  console: Console,
  reads: SubscriptionReads,
  call: ConsoleCall,
  name: SubscriptionFormName,
  done: Done | StaleSubscription,
): Promise<Reply> {
  const { subscriptionId = '' } = call.params;
  call.log.info({ actor: call.operator.actor, subscriptionId, what: name, outcome: done.outcome }, 'paidonce: console');
  if ('revision' in done) return subscriptionFormReply(console, reads, call, name, done);
  const { outcome, said, again = false, data = {} } = done;
  const did = said && { did: said.position };
  if (!call.wantsPage) return jsonReply(200, { outcome, ...(again ? { again } : {}), ...did, ...data });
  const query = new URLSearchParams({ ...did, ...(again ? { again: '1' } : {}) }).toString();
  return redirectReply(303, `${call.root}subscriptions/${encodeURIComponent(subscriptionId)}${query === '' ? '' : `?${query}`}`);
}

async function eventOf({ reads, subscriptionId }: At, fits: (event: SubscriptionEvent) => boolean): Promise<StoredEvent | undefined> {
  return (await reads.history(subscriptionId)).findLast((stored) => fits(readSubscriptionEvent(stored)));
}

async function recheck(at: At): Promise<Done> {
  const { console, call, subscriptionId } = at;
  const by = { actor: call.operator.actor, reason: textOf(call, 'reason') || 'asked in the console' };
  const { objects, subscription } = await console.payments.recheck(subscriptionId, { by, of: 'subscription' });
  const said = await eventOf(at, ({ type, data }) => type === 'StripeRechecked' && data.by.actor === by.actor);
  return { outcome: 'asked', said, data: { objects, ...(subscription ? { subscription } : {}) } };
}

async function redeliver(at: At): Promise<Done | StaleSubscription> {
  const { console, reads, call, subscriptionId } = at;
  const by = signedBy(call);
  const seenRevision = seenIn(call);
  if (!reads.delivers) throw new ConsoleProblem(409, 'does_not_deliver', catalogues[call.language].actions.doesNotDeliver);
  const done = await console.payments.ledger.redeliverSubscription(subscriptionId, by, { seenRevision });
  if (done.outcome === 'stale') return done;
  const { outcome } = done;
  const isNothing = outcome === 'nothing_to_deliver';
  const said = await eventOf(at, ({ type, data }) =>
    isNothing ? type === 'MembershipDelivered' : type === 'DeliveryTakenOver' && data.by?.actor === by.actor,
  );
  return { outcome, said, again: isNothing };
}

async function resolve(at: At): Promise<Done | StaleSubscription> {
  const { console, call, subscriptionId } = at;
  const reviewId = call.params['reviewId'] ?? '';
  const by = signedBy(call);
  const seenRevision = seenIn(call);
  const resolution = requiredText(call, 'resolution') as Resolution;
  if (!['grant', 'revoke', 'dismiss'].includes(resolution)) throw new FormProblem('resolution', 'missing');
  const opened = await eventOf(at, ({ type, data }) => type === 'SubscriptionReviewOpened' && data.reviewId === reviewId);
  if (!opened) throw new ConsoleProblem(404, 'not_found', catalogues[call.language].subscription.noReview(reviewId));
  const how = { resolution, seenRevision };
  const done = await asFormProblem('resolution', () =>
    console.payments.ledger.resolveSubscriptionReview(subscriptionId, reviewId, how, by),
  );
  if (done.outcome === 'stale') return done;
  const said = await eventOf(at, ({ type, data }) => type === 'SubscriptionReviewResolved' && data.reviewId === reviewId);
  const again = said !== undefined && isEarlier(readSubscriptionEvent(said).data, { by, seenRevision });
  return { outcome: 'resolved', said, again };
}
