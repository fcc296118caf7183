// What a member takes when he begins: a price of the plan, seats, a trial, a coupon, a setup fee beside it.
import type { Random } from '@paidonce/ledger/simulation';
import type { StartSubscription } from '../../index.ts';
import type { Clubs, Plan } from './clubs.ts';
import type { Coverage } from './coverage.ts';
import type { SubscriptionSimulationOptions } from './options.ts';

export type Offer = Pick<StartSubscription, 'price' | 'quantity' | 'trialDays' | 'session'>;

interface OfferParts {
  readonly options: Pick<SubscriptionSimulationOptions, 'policy'>;
  readonly clubs: Clubs;
  readonly coverage: Coverage;
}

export function drawOffer(random: Random, { options, clubs, coverage }: OfferParts, plan: Plan): Offer {
  const { prices, coupons, setupFee } = clubs.catalog;
  const [usual = '', ...others] = prices[plan];
  const price = random.chance(0.35) ? (others[0] ?? usual) : usual;
  const hasTrial = options.policy.trial === 'grant' && random.chance(0.35);
  const coupon = random.weighted({ none: 6, half: 2, firstFree: 2 });
  const hasFee = random.chance(0.15);
  const dunning = random.pick(['canceled', 'canceled', 'unpaid', 'past_due', 'paused']);
  if (price !== usual) coverage.met('begins with a year');
  if (hasTrial) coverage.met('begins with a trial');
  if (coupon !== 'none') coverage.met(coupon === 'half' ? 'begins at half the price' : 'begins with a free period');
  if (hasFee) coverage.met('begins with a setup fee');
  return {
    price,
    quantity: random.between(1, 3),
    ...(hasTrial ? { trialDays: random.between(2, 14) } : {}),
    session: {
      subscription_data: { metadata: { sandbox_dunning: dunning } },
      ...(coupon === 'none' ? {} : { discounts: [{ coupon: coupons[coupon] }] }),
      ...(hasFee ? { line_items: [{ price: setupFee, quantity: 1 }] } : {}),
    },
  };
}
