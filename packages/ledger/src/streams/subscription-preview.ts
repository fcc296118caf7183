// A dry run of what a person decides about a subscription. Nothing is written.
import type { SubscriptionReads } from '../console-subscriptions.ts';
import { defined } from '../defined.ts';
import { parse, resolveSchema } from '../input.ts';
import { idSchema } from '../observation.ts';
import type { Runtime } from '../runtime.ts';
import { decide } from '../subscription/decide.ts';
import type { SubscriptionPolicy } from '../subscription/policy.ts';
import { evolve } from '../subscription/subscription.ts';
import { openReviews } from '../subscription/view.ts';
import type { SubscriptionStreams } from './subscription-streams.ts';

/** Nobody is named in what is not written. */
const nobody = { actor: 'preview', reason: 'preview' };

export function openSubscriptionPreview(
  subscriptions: SubscriptionStreams,
  policy: SubscriptionPolicy,
  runtime: Pick<Runtime, 'now'>,
): SubscriptionReads['previewResolution'] {
  return async (subscriptionId, reviewId, how) => {
    const asked = parse(resolveSchema, how, 'how');
    const before = await subscriptions.read(parse(idSchema, subscriptionId, 'subscriptionId'));
    const events = decide(before, { type: 'resolve', reviewId, ...asked, by: nobody, at: runtime.now().toISOString() }, policy);
    if (events.length === 0) return { outcome: 'stale' };
    const after = events.reduce((state, event) => evolve(state, event), before);
    return {
      outcome: 'resolved',
      membership: after.membership,
      openReviews: openReviews(after).length,
      ...defined({ validUntil: after.decided?.validUntil }),
    };
  };
}
