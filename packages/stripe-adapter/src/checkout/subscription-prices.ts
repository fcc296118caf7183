// What a subscription costs, as Stripe has it: read once, and refused where paying it would give nothing.
import { LedgerError, type Runtime } from '@paidonce/ledger';
import { planOf, type SubscriptionPolicy } from '@paidonce/ledger/adapter';
import type { BillingCalls } from '../stripe/billing-calls.ts';
import type { StripePrice } from '../stripe/subscription-objects.ts';
import type { CheckedSubscription } from './subscription-terms.ts';

/** Nothing of a price changes, but that it may be archived. */
const ttlMs = 3_600_000;
/** Most entries; then the oldest is dropped. */
const maxEntries = 1_000;

export class SubscriptionPrices {
  readonly #runtime: Pick<Runtime, 'monotonicNowMs'>;
  readonly #known = new Map<string, { readonly atMs: number; readonly price: StripePrice }>();

  constructor(runtime: Pick<Runtime, 'monotonicNowMs'>) {
    this.#runtime = runtime;
  }

  /** @throws LedgerError `invalid_input`: Stripe has no such price, or it cannot be the plan's. `provider_unavailable` */
  async usable(
    start: CheckedSubscription,
    account: string,
    calls: BillingCalls,
    policy: Pick<SubscriptionPolicy, 'plans'>,
  ): Promise<StripePrice> {
    const price = await this.#read(start.price, account, calls);
    refuseUnusablePrice(price, start, policy);
    return price;
  }

  async #read(id: string, account: string, calls: BillingCalls): Promise<StripePrice> {
    const key = `${account}/${id}`;
    const known = this.#known.get(key);
    const atMs = this.#runtime.monotonicNowMs();
    if (known && atMs - known.atMs < ttlMs) return known.price;
    const price = await calls.price(id);
    this.#known.delete(key);
    if (price === undefined) throw refused(`Stripe has no price ${id} in ${account}. Check the id, and the mode of the key`);
    this.#known.set(key, { atMs, price });
    const [oldest] = this.#known.keys();
    if (this.#known.size > maxEntries && oldest !== undefined) this.#known.delete(oldest);
    return price;
  }
}

/** @throws LedgerError `invalid_input` */
function refuseUnusablePrice(
  price: StripePrice,
  { plan }: Pick<CheckedSubscription, 'plan'>,
  policy: Pick<SubscriptionPolicy, 'plans'>,
): void {
  const { id, product, recurring, active } = price;
  if (recurring === null) throw refused(`${id} is charged once. Use a recurring price, or startCheckout`);
  if (recurring.usage_type !== 'licensed') {
    throw refused(
      `${id} is ${recurring.usage_type}: it is paid afterwards, so nobody is ever paid through. Use a licensed price, and add this one beside it`,
    );
  }
  if (!active) throw refused(`${id} is archived at Stripe. Use a price that is active`);
  const found = planOf({ price: id, product }, policy, plan);
  if (found === plan) return;
  const instead = found === undefined ? 'which no plan names' : `which is of the plan ${found}`;
  throw refused(`${id} is of the product ${product}, ${instead}, and not of ${plan}. Give a price of the plan, or add it there`);
}

function refused(why: string): LedgerError {
  return new LedgerError('invalid_input', `subscription.price: ${why}`);
}
