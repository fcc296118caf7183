// Draws what happens to payments at the provider: attempts, amounts, refunds and disputes.
import { defined } from '../../defined.ts';
import type { AttemptStatus, Fact, PaidAmount } from '../../observation.ts';
import type { PlaceOrder } from '../../payment-ledger.ts';
import { corrected, disputedMinor } from './payment-amounts.ts';
import type { Provider, ProviderPayment, ProviderUpdate } from './provider.ts';
import { Random } from './random.ts';
import type { World } from './world.ts';

/** An order of the shop, and whether it is placed before its payments begin. */
export interface ShopOrder extends PlaceOrder {
  readonly allow: { readonly discount: boolean; readonly tax: boolean; readonly shipping: boolean; readonly more?: true };
  readonly placedLate: boolean;
  /** True: the shop fulfilled it before it had a ledger, and imports it. */
  readonly imported: boolean;
}

/** One change of a payment. Returns what the provider reports about it. The moves of one payment follow each other. */
export type Move = () => readonly ProviderUpdate[];

export interface Story {
  readonly payment: ProviderPayment;
  readonly moves: readonly Move[];
  /** The checkout that the shop attaches. Absent: the shop forgets to attach it. */
  readonly attaches?: string;
  /** True: a bank transfer without a provider object. Only people report it. */
  readonly transfer: boolean;
}

export function drawOrders({ random, options, coverage }: World): readonly ShopOrder[] {
  const another = new Random(options.seed); // Its own, so that the other draws of a seed stay what they were.
  const more = (): { readonly more?: true } => {
    if (!another.chance(0.2)) return {};
    coverage.met('more is allowed');
    return { more: true };
  };
  return Array.from({ length: options.orders }, (_, index) => ({
    orderId: `o${index + 1}`,
    memberId: `m${random.between(1, 2)}`,
    plan: random.pick(['gold', 'silver']),
    amountMinor: 1_000,
    currency: 'usd',
    account: 'acct_1',
    livemode: false,
    allow: { discount: random.chance(0.8), tax: random.chance(0.8), shipping: true, ...more() },
    placedLate: random.chance(options.placedLate),
    imported: another.chance(options.imports),
  }));
}

export function drawStory(world: World, provider: Provider, orders: readonly ShopOrder[], order: ShopOrder, number: number): Story {
  const { random, options } = world;
  const kind = random.weighted({ checkout: 6, intent: 2, free: 1, transfer: 1 });
  const drawn = kind === 'transfer' ? { provider: 'manual', number: String(number) } : drawObject(world, provider, number);
  const session = `cs_${drawn.number}`;
  const id = kind === 'checkout' || kind === 'intent' ? `pi_${drawn.number}` : kind === 'free' ? session : `manual:${drawn.number}`;
  const names = drawName(world, orders, order);
  const others = new Random(options.seed ^ (0xa11a5 + number)); // Its own, likewise.
  const chargeId = kind !== 'transfer' && kind !== 'free' && others.chance(0.3) ? `ch_${drawn.number}` : undefined;
  const recovered = others.chance(0.3) ? [`${session}_recovered`] : [];
  const aliases = [...(kind === 'checkout' ? [session, ...recovered] : []), ...(chargeId === undefined ? [] : [chargeId])];
  if (aliases.length > 1) world.coverage.met('payment with several aliases');
  const payment: ProviderPayment = {
    reference: {
      provider: drawn.provider,
      account: random.chance(0.03) ? 'acct_2' : order.account,
      livemode: random.chance(0.03) ? !order.livemode : order.livemode,
      id,
    },
    ...(kind === 'checkout' ? { sessionId: session } : {}),
    ...defined({ chargeId }),
    aliases,
    orderId: order.orderId,
    ...(kind !== 'intent' && names !== undefined ? { sessionNames: names } : {}),
    ...(kind === 'intent' && names !== undefined ? { intentNames: names } : {}),
    ...(kind === 'checkout' && random.chance(0.6) && names !== undefined ? { intentNames: names } : {}),
    registers: new Map(),
  };
  provider.payments.push(payment);
  const attaches =
    kind !== 'transfer' && random.chance(kind === 'intent' ? 0.3 : 0.7)
      ? kind === 'checkout'
        ? others.pick([session, ...recovered])
        : id
      : undefined;
  return {
    payment,
    moves: new StoryBuilder(world, provider, payment, order, kind).moves(),
    ...defined({ attaches }),
    transfer: kind === 'transfer',
  };
}

/** Draws who has the payment, and the number in its ids. At times another provider has a payment with the same ids. */
function drawObject(
  { random, coverage }: World,
  { payments }: Provider,
  number: number,
): { readonly provider: string; readonly number: string } {
  const others: Readonly<Record<string, string>> = { stripe: 'simulated', simulated: 'stripe' };
  const before = payments.at(-1)?.reference;
  const [, numberBefore = ''] = before?.id.split('_') ?? [];
  const other = before && others[before.provider];
  const isTaken = payments.some(({ reference }) => reference.provider === other && reference.id.endsWith(`_${numberBefore}`));
  if (other !== undefined && !isTaken && random.chance(0.2)) {
    coverage.met('two providers, one id');
    return { provider: other, number: numberBefore };
  }
  return { provider: random.pick(['stripe', 'simulated']), number: String(number) };
}

function drawName({ random, options }: World, orders: readonly ShopOrder[], order: ShopOrder): string | undefined {
  const { misnamed, unnamed } = options.sources;
  if (random.chance(misnamed)) return random.pick([...orders.map(({ orderId }) => orderId), 'o-unheard-of']);
  return random.chance(unnamed) ? undefined : order.orderId;
}

class StoryBuilder {
  readonly #world: World;
  readonly #provider: Provider;
  readonly #payment: ProviderPayment;
  readonly #order: ShopOrder;
  readonly #kind: 'checkout' | 'intent' | 'free' | 'transfer';
  readonly #random: Random;
  /** Draws what was added later, so that the other draws of a seed stay as they were. */
  readonly #later: Random;
  readonly #moves: Move[] = [];

  constructor(
    world: World,
    provider: Provider,
    payment: ProviderPayment,
    order: ShopOrder,
    kind: 'checkout' | 'intent' | 'free' | 'transfer',
  ) {
    this.#world = world;
    this.#provider = provider;
    this.#payment = payment;
    this.#order = order;
    this.#kind = kind;
    this.#random = world.random;
    this.#later = new Random(world.options.seed ^ (0x1a7e + provider.payments.length));
  }

  moves(): readonly Move[] {
    const random = this.#random;
    const path = random.weighted({ paid: 8, slow: 2, triedAgain: 2, authorized: 1, ended: 1, pending: 1 });
    if (this.#kind === 'free' && path === 'ended') {
      this.#attempt('expired');
      return this.#moves;
    }
    if (this.#kind === 'checkout' || this.#kind === 'intent') {
      if (path === 'slow') for (const status of ['awaiting_customer', 'processing'] as const) this.#attempt(status);
      if (path === 'triedAgain') for (const status of ['attempt_failed', 'processing'] as const) this.#attempt(status);
      if (path === 'authorized') this.#attempt('authorized');
      if (path === 'pending' || path === 'ended') {
        this.#attempt('processing');
        if (path === 'ended') this.#attempt(random.pick(['failed', 'canceled']));
        return this.#moves;
      }
    }
    this.#paid();
    return this.#moves;
  }

  #attempt(status: Exclude<AttemptStatus, 'paid'>): void {
    const fact: Fact = { kind: 'attempt', status };
    this.#add(() => [{ via: this.#kind === 'intent' || this.#random.chance(0.5) ? 'intent' : 'session', fact }]);
  }

  #paid(): void {
    const random = this.#random;
    const amount = this.#drawAmount();
    this.#pay(amount);
    if (random.chance(this.#world.options.corrections)) {
      this.#pay(corrected(amount));
      if (this.#later.chance(0.8)) this.#pay(corrected(corrected(amount)));
    }
    const refunds = random.chance(0.45) ? random.between(1, 2) : 0;
    for (let index = 0; index < refunds; index++)
      this.#refund(`re_${this.#payment.reference.id.replace(/\W/g, '')}_${index}`, amount.totalMinor);
    if (this.#kind !== 'transfer' && this.#kind !== 'free') {
      const staysOpen = this.#later.chance(this.#world.options.disputesStayOpen);
      const disputes = Math.max(random.pick([0, 0, 1, 2]), staysOpen ? 1 : 0);
      for (let index = 0; index < disputes; index++)
        this.#dispute(`dp_${this.#payment.reference.id}_${index}`, disputedMinor(random, amount), staysOpen);
    }
  }

  #pay(amount: PaidAmount): void {
    const { totalMinor, currency } = amount;
    const whole: ProviderUpdate = { via: 'session', fact: { kind: 'attempt', status: 'paid', amount } };
    const total: ProviderUpdate = { via: 'intent', fact: { kind: 'attempt', status: 'paid', amount: { totalMinor, currency } } };
    this.#add(() => {
      this.#payment.paidAt ??= this.#world.providerTime();
      // Two objects report a checkout, and only one of them has the parts of the amount.
      return this.#kind === 'checkout' ? [whole, total] : [this.#kind === 'intent' ? total : whole];
    });
  }

  #drawAmount(): PaidAmount {
    const { amountMinor, currency, imported } = this.#order;
    const none = { subtotalMinor: amountMinor, discountMinor: 0, taxMinor: 0, shippingMinor: 0 };
    // As `exact` below, until its parts are known: then it is too little.
    const taxWithin = { totalMinor: amountMinor, currency, parts: { ...none, subtotalMinor: amountMinor - 80, taxMinor: 80 } };
    if (imported && this.#kind === 'checkout' && this.#later.chance(0.25)) return taxWithin;
    if (this.#kind === 'free') return { totalMinor: 0, currency, parts: { ...none, discountMinor: amountMinor } };
    switch (this.#random.weighted({ exact: 10, discount: 1, tax: 1, shortfall: 1, excess: 1, currency: 0.7 })) {
      case 'exact':
        return { totalMinor: amountMinor, currency, parts: none };
      case 'discount':
        return { totalMinor: amountMinor - 200, currency, parts: { ...none, discountMinor: 200 } };
      case 'tax':
        return { totalMinor: amountMinor + 80, currency, parts: { ...none, taxMinor: 80 } };
      case 'shortfall':
        return { totalMinor: amountMinor - 300, currency, parts: { ...none, subtotalMinor: amountMinor - 300 } };
      case 'excess':
        return { totalMinor: amountMinor + 50, currency, parts: { ...none, subtotalMinor: amountMinor + 50 } };
      case 'currency':
        return this.#later.chance(0.5)
          ? { totalMinor: amountMinor, currency: 'eur', parts: none }
          : { totalMinor: amountMinor - 300, currency: 'eur', parts: { ...none, subtotalMinor: amountMinor - 300 } };
    }
  }

  #refund(id: string, totalMinor: number): void {
    const random = this.#random;
    const amountMinor = random.chance(0.6) ? totalMinor : Math.floor(totalMinor / 2);
    const add = (status: 'pending' | 'succeeded' | 'failed' | 'canceled' | 'requires_action') =>
      this.#add(() => [{ via: 'refund', fact: { kind: 'refund', id, status, amountMinor } }]);
    if (random.chance(0.4)) add('pending');
    if (random.chance(0.1)) add('requires_action');
    if (random.chance(0.9)) add('succeeded');
    if (random.chance(0.3)) add(random.pick(['failed', 'failed', 'canceled']));
  }

  #dispute(id: string, amountMinor: number, staysOpen: boolean): void {
    const random = this.#random;
    const returnedDebit = random.chance(0.25);
    const add = (status: 'inquiry' | 'open' | 'prevented' | 'lost' | 'won', movements: number) =>
      this.#add(() => [{ via: 'dispute', fact: { kind: 'dispute', id, status, amountMinor, returnedDebit, movements } }]);
    const drawn = random.weighted({ lost: 3, won: 3, open: 1, wonAfterAll: 1, lostAfterAll: 1, prevented: 1 });
    const end = staysOpen ? 'open' : drawn;
    if (!returnedDebit) {
      if (random.chance(0.3)) add('inquiry', 0);
      add(end === 'prevented' ? 'prevented' : 'open', 1);
    }
    if (returnedDebit || end === 'lost' || end === 'wonAfterAll') add('lost', 1);
    if (!returnedDebit && (end === 'won' || end === 'wonAfterAll' || end === 'lostAfterAll')) add('won', 2);
    // Its movement of money may show later than the new state.
    if (!returnedDebit && end === 'lostAfterAll') add('lost', random.chance(0.5) ? 3 : 2);
  }

  #add(update: () => readonly [ProviderUpdate, ...ProviderUpdate[]]): void {
    this.#moves.push(() => {
      const updates = update();
      this.#provider.change(this.#payment, updates);
      return updates;
    });
  }
}
