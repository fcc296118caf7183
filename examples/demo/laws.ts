// Checks the laws again from the log alone: it uses neither the ledger's own fold or decider, nor the demo's expectations. The
// provider's lists show what was really paid, and which events really exist.
import type { OrderEvent, StoredEvent } from '@paidonce/ledger';

/** What Stripe and the shop know, independently of the ledger. */
export interface Books {
  /** The ids of the events that Stripe has made. */
  readonly eventIds: ReadonlySet<string>;
  /** The payments that succeeded, in minor units. Key: the payment intent. */
  readonly paid: ReadonlyMap<string, { readonly receivedMinor: number; readonly refundedMinor: number }>;
  /** The shop's own table. Key: the order. */
  readonly memberships: ReadonlyMap<string, { readonly status: string; readonly sequence: number }>;
}

export interface Verdict {
  readonly law: string;
  /** How many cases were checked. 0: the law was not tested. */
  readonly checked: number;
  /** One sentence for each case that breaks the law. Empty: the law holds. */
  readonly broken: readonly string[];
}

/** Returns the exit code. A law without a case was not tested, and counts as broken. */
export function exitCodeOf(verdicts: readonly Verdict[]): 0 | 1 {
  return verdicts.every(({ checked, broken }) => checked > 0 && broken.length === 0) ? 0 : 1;
}

type Observed = Extract<OrderEvent, { type: 'PaymentObserved' }>['data'];
type Decision = Extract<OrderEvent, { type: `Membership${'Granted' | 'Suspended' | 'Restored' | 'Revoked'}` }>;

export interface OrderLog {
  readonly orderId: string;
  readonly events: readonly OrderEvent[];
}

export function checkLaws(log: readonly StoredEvent[], books: Books): readonly Verdict[] {
  const orders = ordersIn(log);
  return [
    ...checkLogAlone(orders),
    verdict('Access is what the payments at Stripe entitle to', orders, accessFollowsPayments(books)),
    verdict('Every payment at Stripe is in the log', [...books.paid.keys()], nothingIsLost(orders)),
    verdict('Every webhook in the log is an event that Stripe has made', observationsIn(orders), onlyTrueEvents(books)),
    verdict('Decisions are numbered 1, 2, 3, and the shop holds the newest', orders, shopHoldsNewest(books)),
  ];
}

/** The laws that hold at any moment, also while much is under way. */
export function checkLogAlone(orders: readonly OrderLog[]): readonly Verdict[] {
  return [
    verdict('An order is granted at most once', orders, grantedOnce),
    verdict('Nothing is granted before a source has said "paid"', orders, grantedAfterPaid),
    verdict('A payment belongs to one order only', paymentsIn(orders), onePaymentOneOrder),
    verdict('A source that repeats itself adds nothing', orders, repeatsAddNothing),
  ];
}

/** Returns the streams of orders, in log order. */
export function ordersIn(log: readonly StoredEvent[]): readonly OrderLog[] {
  const byOrder = Map.groupBy(
    log.filter(({ stream }) => stream.startsWith('order-')),
    ({ stream }) => stream.slice('order-'.length),
  );
  return [...byOrder].map(([orderId, stored]) => ({ orderId, events: stored.map(({ type, data }) => ({ type, data }) as OrderEvent) }));
}

/** Returns the decisions of an order, oldest first. */
export function decisionsOf({ events }: OrderLog): readonly Decision[] {
  return events.flatMap((event) =>
    event.type === 'MembershipGranted' ||
    event.type === 'MembershipSuspended' ||
    event.type === 'MembershipRestored' ||
    event.type === 'MembershipRevoked'
      ? [event]
      : [],
  );
}

export function observationsOf({ events }: OrderLog): readonly Observed[] {
  return events.flatMap((event) => (event.type === 'PaymentObserved' ? [event.data] : []));
}

export function isPaid({ fact }: Observed): boolean {
  return fact.kind === 'attempt' && fact.status === 'paid';
}

export function isRefund({ fact }: Observed): boolean {
  return fact.kind === 'refund';
}

/** Returns what is wrong with a case. Undefined: nothing. */
type Check<Case> = (subject: Case) => string | undefined;

function verdict<Case>(law: string, cases: readonly Case[], check: Check<Case>): Verdict {
  return { law, checked: cases.length, broken: cases.flatMap((subject) => check(subject) ?? []) };
}

function grantedOnce(order: OrderLog): string | undefined {
  const grants = decisionsOf(order).filter(({ type }) => type === 'MembershipGranted').length;
  return grants > 1 ? `order ${order.orderId} was granted ${grants} times` : undefined;
}

function grantedAfterPaid({ orderId, events }: OrderLog): string | undefined {
  const granted = events.findIndex(({ type }) => type === 'MembershipGranted');
  const before = { orderId, events: events.slice(0, Math.max(granted, 0)) };
  return granted >= 0 && !observationsOf(before).some(isPaid) ? `order ${orderId} was granted and nobody had said "paid"` : undefined;
}

interface PaymentInLog {
  readonly id: string;
  readonly orders: ReadonlySet<string>;
}

function paymentsIn(orders: readonly OrderLog[]): readonly PaymentInLog[] {
  const observed = orders.flatMap((order) => observationsOf(order).map(({ payment }) => ({ id: payment.id, orderId: order.orderId })));
  return [...Map.groupBy(observed, ({ id }) => id)].map(([id, all]) => ({ id, orders: new Set(all.map(({ orderId }) => orderId)) }));
}

function onePaymentOneOrder({ id, orders }: PaymentInLog): string | undefined {
  return orders.size > 1 ? `payment ${id} is in the orders ${[...orders].join(' and ')}` : undefined;
}

/** An order must be a membership if and only if it has a payment that was paid in full and not refunded in full. */
function accessFollowsPayments({ paid }: Books): Check<OrderLog> {
  return (order) => {
    const placed = order.events.find((event) => event.type === 'OrderPlaced');
    const expectedMinor = placed?.data.expected.amountMinor ?? Number.POSITIVE_INFINITY;
    const ids = new Set(observationsOf(order).map(({ payment }) => payment.id));
    const entitled = [...ids].some((id) => {
      const { receivedMinor, refundedMinor } = paid.get(id) ?? { receivedMinor: 0, refundedMinor: 0 };
      return receivedMinor >= expectedMinor && refundedMinor < receivedMinor;
    });
    const newest = decisionsOf(order).at(-1)?.type;
    const active = newest === 'MembershipGranted' || newest === 'MembershipRestored';
    if (active === entitled) return undefined;
    return `order ${order.orderId} is ${active ? 'a membership' : 'none'}, and its payments entitle to ${entitled ? 'one' : 'none'}`;
  };
}

function nothingIsLost(orders: readonly OrderLog[]): Check<string> {
  const known = new Set(
    orders.flatMap((order) =>
      observationsOf(order)
        .filter(isPaid)
        .map(({ payment }) => payment.id),
    ),
  );
  return (payment) => (known.has(payment) ? undefined : `payment ${payment} was made at Stripe, and no order knows it`);
}

function observationsIn(orders: readonly OrderLog[]): readonly Observed[] {
  return orders.flatMap(observationsOf).filter(({ source }) => source === 'webhook');
}

function onlyTrueEvents({ eventIds }: Books): Check<Observed> {
  return ({ evidence: { eventId = 'without id' } }) =>
    eventIds.has(eventId) ? undefined : `event ${eventId} was recorded, and Stripe never made it`;
}

function repeatsAddNothing(order: OrderLog): string | undefined {
  const facts = observationsOf(order).map(({ source, payment, fact }) => JSON.stringify([source, payment.id, fact]));
  const twice = facts.find((each, index) => facts.indexOf(each) !== index);
  return twice === undefined ? undefined : `order ${order.orderId} holds twice: ${twice}`;
}

function shopHoldsNewest({ memberships }: Books): Check<OrderLog> {
  return (order) => {
    const decisions = decisionsOf(order);
    const numbers = decisions.map(({ data }) => data.sequence);
    if (numbers.some((number, index) => number !== index + 1)) return `order ${order.orderId} has the decisions ${numbers.join(', ')}`;
    const held = memberships.get(order.orderId);
    const [status, sequence] = [statusAfter(decisions.at(-1)?.type), decisions.length];
    if ((held?.sequence ?? 0) === sequence && (held?.status ?? 'none') === status) return undefined;
    return `order ${order.orderId} is ${status} after decision ${sequence}, and the shop holds ${held?.status ?? 'nothing'} of ${held?.sequence ?? 0}`;
  };
}

export function statusAfter(decision: OrderEvent['type'] | undefined): string {
  switch (decision) {
    case 'MembershipGranted':
    case 'MembershipRestored':
      return 'active';
    case 'MembershipSuspended':
      return 'suspended';
    case 'MembershipRevoked':
      return 'revoked';
    default:
      return 'none';
  }
}
