// Random facts about one subscription, told at random times, and a random policy: what no provider would tell, and what its
// objects could hold.
import type { Random } from '../testing/simulation/random.ts';
import type { CoverLine, Lifecycle, LifecycleStatus, PaidInvoice, SubscriptionFact } from './observation.ts';
import { defaultSubscriptionPolicy, type SubscriptionPolicy } from './policy.ts';
import { onDay, sources, statement, type Telling } from './tellings.test-support.ts';

export const lastDay = 130;
const prices: readonly { readonly price: string; readonly product: string }[] = [
  { price: 'price_gold', product: 'prod_gold' },
  { price: 'price_silver', product: 'prod_silver' },
  { price: 'price_silver_yearly', product: 'prod_silver' },
  { price: 'price_addon', product: 'prod_addon' },
];
const plans: SubscriptionPolicy['plans'] = { gold: ['price_gold'], silver: ['prod_silver'] };
const statuses: readonly LifecycleStatus[] = [
  'incomplete',
  'trialing',
  'active',
  'active',
  'past_due',
  'past_due',
  'unpaid',
  'paused',
  'canceled',
  'incomplete_expired',
];

export function anyPolicy(random: Random): SubscriptionPolicy {
  return {
    ...defaultSubscriptionPolicy,
    plans: random.chance(0.1) ? {} : plans,
    renewalGraceHours: random.pick([24, 72]),
    dunningGraceDays: random.pick([2, 16]),
    trial: random.pick(['none', 'grant']),
    free: random.pick(['grant', 'grant', 'none']),
    netTerms: random.pick(['grace', 'grace', 'none']),
    fullRefund: random.pick(['revoke', 'revoke', 'keep']),
    partialRefund: random.pick(['keep', 'keep', 'revoke']),
    openDispute: random.pick(['suspend', 'suspend', 'keep']),
    lostDispute: random.pick(['revoke', 'revoke', 'keep']),
    returnedDebit: random.pick(['revoke', 'suspend']),
    canceledNow: random.pick(['end', 'run_out']),
    collectionPaused: random.pick(['run_out', 'suspend']),
  };
}

function anyLine(random: Random, id: string): CoverLine {
  const { price, product } = random.pick([...prices, ...prices.slice(0, 2)]);
  const role = random.weighted({ base: 5, proration: 2, credit: 2 });
  const start = random.below(18) * 5;
  const days = random.pick([5, 10, 30, 30, 30, 60]);
  const minor = random.pick([0, 500, 1_000, 1_000, 3_000]);
  return {
    id,
    price,
    product,
    from: onDay(start),
    to: onDay(start + days),
    role,
    quantity: random.between(1, 3),
    netMinor: role === 'credit' ? -Math.max(1, minor) : minor,
    ...(role === 'credit' && random.chance(0.7) ? { credits: `in_${random.between(1, 4)}` } : {}),
  };
}

function anyPaid(random: Random, id: string): PaidInvoice {
  const lines = Array.from({ length: random.pick([1, 1, 2, 3, 4]) }, (_, index) => anyLine(random, `il_${id.slice(3)}${index}`));
  const net = lines.reduce((sum, { netMinor }) => sum + netMinor, 0);
  const taxMinor = random.chance(0.3) ? Math.trunc(net / 10) + 0 : 0;
  const totalMinor = net + taxMinor + (random.chance(0.1) ? 700 : 0);
  return {
    kind: 'invoice',
    id,
    status: 'paid',
    reason: random.pick(['create', 'cycle', 'cycle', 'update', 'other']),
    currency: random.chance(0.05) ? 'eur' : 'usd',
    totalMinor,
    discountMinor: random.chance(0.2) ? 500 : 0,
    taxMinor,
    balanceMinor: totalMinor > 0 && random.chance(0.1) ? Math.floor(totalMinor / 3) : 0,
    outsideMinor: totalMinor > 0 && random.chance(0.05) ? Math.floor(totalMinor / 3) : 0,
    writtenOffMinor: totalMinor > 0 && random.chance(0.1) ? random.pick([totalMinor, Math.floor(totalMinor / 3)]) : 0,
    lines,
  };
}

function anyLifecycle(random: Random, day: number): Lifecycle {
  const status = random.pick(statuses);
  const hasEnded = status === 'canceled' || status === 'incomplete_expired';
  return {
    kind: 'lifecycle',
    status,
    customer: 'cus_1',
    items: [],
    ...(hasEnded ? { endedAt: onDay(day - random.below(10)) } : {}),
    ...(random.chance(0.3) ? { trialEnd: onDay(random.below(10) * 5) } : {}),
    ...(random.chance(0.15) ? { collectionPaused: {} } : {}),
    ...(random.chance(0.1) ? { endsAt: onDay(day + 30) } : {}),
  };
}

/** For each object some states that it may be told in: one content a state, since no clock orders two contents of one state. */
function anyObjects(random: Random): readonly SubscriptionFact[] {
  const facts: SubscriptionFact[] = [];
  const paid = Array.from({ length: random.between(1, 4) }, (_, index) => anyPaid(random, `in_${index + 1}`));
  for (const invoice of paid) {
    const { id } = invoice;
    const from = onDay(random.below(18) * 5);
    const terms = random.chance(0.5) ? { terms: { dueAt: onDay(random.below(24) * 5), from } } : {};
    if (random.chance(0.4)) facts.push({ kind: 'invoice', id, status: 'open', ...terms });
    if (random.chance(0.15)) facts.push({ kind: 'invoice', id, status: random.pick(['uncollectible', 'void']) });
    if (random.chance(0.85)) facts.push(invoice, invoice);
    const left = Math.max(0, invoice.totalMinor - invoice.writtenOffMinor - invoice.balanceMinor - invoice.outsideMinor);
    const parts = left === 0 ? [] : random.chance(0.8) ? [left] : [Math.floor(left / 2), Math.ceil(left / 2)];
    for (const [index, amountMinor] of parts.entries()) {
      const status = random.chance(0.9) ? 'paid' : 'canceled';
      facts.push({
        kind: 'allocation',
        id: `inpay_${id.slice(3)}${index}`,
        invoice: id,
        payment: `pi_${random.between(1, 3)}`,
        status,
        amountMinor,
      });
    }
  }
  const amount = (): number => random.pick([500, 1_000, 3_000, ...paid.map(({ totalMinor }) => Math.max(1, totalMinor))]);
  for (let index = random.below(4); index > 0; index--) {
    const money = {
      payment: { provider: 'stripe', account: 'acct_1', livemode: true, id: `pi_${random.between(1, 3)}` },
      amountMinor: amount(),
    };
    if (random.chance(0.5)) {
      for (const status of ['pending', 'succeeded', 'succeeded', 'failed'] as const) {
        if (random.chance(status === 'failed' ? 0.2 : 0.6)) facts.push({ kind: 'refund', id: `re_${index}`, status, ...money });
      }
    } else {
      const returnedDebit = random.chance(0.2);
      for (const [movements, status] of (['open', 'lost', 'won'] as const).entries()) {
        if (random.chance(0.5)) facts.push({ kind: 'dispute', id: `dp_${index}`, status, returnedDebit, movements, ...money });
      }
    }
  }
  const charged = paid.filter(({ totalMinor, writtenOffMinor }) => totalMinor > writtenOffMinor);
  for (let index = charged.length > 0 ? random.below(2) : 0; index > 0; index--) {
    const note = { kind: 'credit_note', id: `cn_${index}`, invoice: random.pick(charged).id, amountMinor: amount() } as const;
    facts.push({ ...note, status: 'issued' });
    if (random.chance(0.3)) facts.push({ ...note, status: 'void' });
  }
  return facts;
}

/** Tellings at any time, in any order, the last one a look later than all of them. */
export function anyNoise(random: Random): { readonly tellings: readonly Telling[]; readonly lastLook: Telling } {
  const objects = anyObjects(random);
  // One lifecycle for each time: two contents of one time have no order that a test could know.
  const lifecycles = new Map<number, Lifecycle>();
  const lifecycleOn = (day: number): Lifecycle => {
    // A lifecycle goes round: what it was once it is often again.
    const living = [...lifecycles.values()].filter(({ endedAt }) => endedAt === undefined);
    const fresh = living.length > 0 && random.chance(0.5) ? random.pick(living) : anyLifecycle(random, day);
    const known = lifecycles.get(day) ?? fresh;
    lifecycles.set(day, known);
    return known;
  };
  const anyDay = (): number => random.below((lastDay - 10) * 2) / 2;
  const tellings: Telling[] = [];
  for (const fact of objects) {
    for (let times = random.pick([1, 1, 2]); times > 0; times--) {
      // Half of what moves no time comes from a clock in doubt, the other half from a person.
      const movesTime = !random.chance(0.05);
      const day = anyDay();
      const isByPerson = !movesTime && Number.isInteger(day);
      const doubtful = movesTime || isByPerson ? {} : { doubtful: true as const };
      const source = random.pick(sources);
      tellings.push({ statements: [statement(fact, day, doubtful)], source: isByPerson ? 'manual' : source });
    }
  }
  for (let times = random.between(1, 5); times > 0; times--) {
    const day = anyDay();
    tellings.push({ statements: [statement(lifecycleOn(day), day)], source: random.pick(sources) });
  }
  for (let times = random.between(0, 5); times > 0; times--) {
    const day = anyDay();
    const seen = objects.length > 0 && random.chance(0.5) ? [random.pick(objects)] : [];
    const read = seen.map((fact) => statement(fact, day + 0.5));
    tellings.push({ statements: [...read, statement(lifecycleOn(day), day)], source: 'poll', look: onDay(day) });
  }
  for (let index = tellings.length - 1; index > 0; index--) {
    const other = random.below(index + 1);
    [tellings[index], tellings[other]] = [tellings[other]!, tellings[index]!];
  }
  const end = lastDay + random.below(3) * 10;
  return { tellings, lastLook: { statements: [statement(lifecycleOn(end), end)], source: 'poll', look: onDay(end) } };
}
