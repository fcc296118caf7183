// Reads the raw log after each append, and at the end compares it with Stripe's final state. It shares no code with the
// adapter or with the ledger's fold.
import type { MembershipStatus } from '@paidonce/ledger';
import { expectedStatus, mismatchesOf, type World } from '@paidonce/ledger/simulation';
import type { Mismatch } from '../../operations/compare-payment.ts';
import type { WebhookAnswer } from '../../webhook/webhook.ts';
import type { StripeSimulationOptions } from './options.ts';
import type { Registry } from './registry.ts';
import type { Shop } from './shop.ts';

interface Row {
  readonly stream: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const statusAfter: Readonly<Record<string, MembershipStatus>> = {
  MembershipGranted: 'active',
  MembershipRestored: 'active',
  MembershipSuspended: 'suspended',
  MembershipRevoked: 'revoked',
};

export class Auditor {
  readonly #world: World;
  readonly #options: StripeSimulationOptions;
  readonly #registry: Registry;
  readonly #rows: Row[] = [];
  readonly #status = new Map<string, MembershipStatus>();
  readonly #granted = new Set<string>();
  /** Key: payment id. Value: the order that got access on it. */
  readonly #orderGrantedOn = new Map<string, string>();
  readonly #owners = new Map<string, string>();
  readonly #newestRound = new Map<string, unknown>();
  readonly #finishedUpTo = new Map<string, number>();

  constructor(world: World, options: StripeSimulationOptions, registry: Registry) {
    this.#world = world;
    this.#options = options;
    this.#registry = registry;
  }

  statusOf(orderId: string): MembershipStatus {
    return this.#status.get(orderId) ?? 'none';
  }

  readAppended(): void {
    for (const { stream, type, data } of this.#world.log.rows.slice(this.#rows.length)) {
      const row = { stream, type, data: JSON.parse(data) as Row['data'] };
      this.#rows.push(row);
      if (type in statusAfter) this.#decided(row);
      if (type === 'ReferenceLinked') this.#linked(row);
      if (type === 'SweepStarted') this.#newestRound.set(stream, row.data['round']);
      if (type === 'SweepFinished') this.#finished(row);
      if (type === 'ReviewOpened' && row.data['kind'] === 'currency')
        this.#broken('nobody is charged in a currency that opens a review', `${stream}: ${data}`);
      if (type === 'ObjectNotUnderstood') this.#broken('all that Stripe says is understood', JSON.stringify(data));
    }
  }

  #broken(law: string, message: string): void {
    this.#world.report(law, message);
  }

  #decided({ stream, type, data }: Row): void {
    const orderId = stream.slice('order-'.length);
    const status = statusAfter[type] ?? 'none';
    this.#status.set(orderId, status);
    if (type === 'MembershipGranted') {
      if (this.#granted.has(orderId)) this.#broken('law 2: once per order', `${orderId} is granted again`);
      this.#granted.add(orderId);
    }
    if (status !== 'active') return;
    const { id } = data['payment'] as { readonly id: string };
    const other = this.#orderGrantedOn.get(id) ?? orderId;
    if (other !== orderId) this.#broken('law 3: once per payment', `${id} gives access to ${other} and to ${orderId}`);
    this.#orderGrantedOn.set(id, orderId);
    const owner = this.#registry.orderOfPayment(id);
    if (owner !== orderId)
      this.#broken('a payment is for the order that it was made for', `${id} of ${owner ?? 'another app'} grants ${orderId}`);
    else this.#startsInTime(orderId, id, Date.parse(String(data['paidAt'])) / 1_000);
    if (owner === orderId && !this.#registry.isPaid(id))
      this.#broken('law 4: unpaid never grants', `${orderId} is ${status} on ${id}, which is not paid`);
  }

  /** A read does not always show when the money came, but no membership starts before it. */
  #startsInTime(orderId: string, paymentId: string, seconds: number): void {
    const received = this.#registry.receivedAt(paymentId);
    if (!received) return;
    const { from, isExact } = received;
    if (seconds < from || (isExact && seconds > from + 1))
      this.#broken('a membership starts when the money came', `${orderId} starts ${seconds - from} s after ${paymentId}`);
  }

  #linked({ stream, data }: Row): void {
    const owner = this.#owners.get(stream);
    const orderId = String(data['orderId']);
    if (owner !== undefined && owner !== orderId) this.#broken('law 3: one owner', `${stream} is linked to ${owner} and to ${orderId}`);
    this.#owners.set(stream, orderId);
  }

  /** Only if all clocks are right: a clock that is ahead makes a round look older than it is. */
  #finished({ stream, data }: Row): void {
    const { polls, world } = this.#options;
    if (data['round'] !== this.#newestRound.get(stream)) return; // So slow that another process had begun the next round.
    const upToMs = Date.parse(String(data['upTo']));
    const before = this.#finishedUpTo.get(stream);
    this.#finishedUpTo.set(stream, upToMs);
    // When Stripe reports that it failed to create events, a pass starts at once.
    if (this.#options.endpoints.includes('thin') && !stream.startsWith('sweep-events')) return;
    if (!polls || this.#world.faultless || before === undefined || world.processes.some(({ wallSkewMs }) => wallSkewMs !== 0)) return;
    const intervalMs = stream.startsWith('sweep-events') ? 300_000 : stream.startsWith('sweep-objects') ? 3_600_000 : 24 * 3_600_000;
    if (upToMs - before < intervalMs - frozenMs) {
      this.#broken(
        'reads stay within their intervals',
        `${stream} was read after ${upToMs - before} ms, and it is due after ${intervalMs}`,
      );
    }
  }

  /** Law 8, for what decides: a payment that is there, a refund that is there. */
  acknowledged(body: string, outcome: WebhookAnswer['outcome']): void {
    const {
      type,
      data,
      related_object: related,
    } = JSON.parse(body) as {
      readonly type: string;
      readonly data?: {
        readonly object?: {
          readonly id: string;
          readonly object: string;
          readonly payment_intent?: string | null;
        };
      };
      readonly related_object?: { readonly id: string; readonly type: string } | null;
    };
    const id = data?.object?.id ?? related?.id;
    const kind = data?.object?.object ?? related?.type;
    if (id === undefined) return;
    const isObserved = (word: string): boolean =>
      this.#rows.some((row) => (row.type === 'PaymentObserved' || row.type === 'PaymentHeld') && JSON.stringify(row.data).includes(word));
    if (kind === 'refund') {
      const intent = data?.object?.payment_intent;
      if (typeof intent !== 'string' || this.#registry.orderOfPayment(intent) === undefined) return;
      if (outcome === 'not_ours' && !this.#registry.bearsOurScope(intent)) return;
      if (this.#registry.movedMoney(id) && !isObserved(id)) this.#lost(type, id, outcome);
    }
    if (kind === 'payment_intent' || kind === 'checkout.session') {
      const paymentId = kind === 'payment_intent' ? id : (idOf(this.#registry.session(id)?.payment_intent) ?? id);
      // On a link whose payments carry no mark, only the session shows whose an intent is.
      if (kind === 'payment_intent' && outcome === 'not_ours' && !this.#registry.bearsOurScope(paymentId)) return;
      if (this.#registry.orderOfPayment(paymentId) === undefined || !/(succeeded|session\.completed)$/.test(type)) return;
      if (!this.#registry.isPaid(paymentId)) return;
      // The payment may have been made since the event, which then reported an earlier state.
      if (kind === 'checkout.session' && type.endsWith('completed') && !isObserved(paymentId)) this.#lost(type, id, outcome);
      if (type.endsWith('succeeded') && !this.#rows.some((row) => isPaidFact(row, paymentId))) this.#lost(type, id, outcome);
    }
  }

  #lost(type: string, id: string, outcome: string): void {
    this.#broken('law 8: acknowledged means durable', `${type} of ${id} was acknowledged as ${outcome}, and the log knows nothing of it`);
  }

  /** When the caller has the URL, a payment on the session can be nobody else's. */
  started(orderId: string, sessionId: string): void {
    const attached = this.#rows.some(
      ({ stream, type, data }) =>
        stream === `order-${orderId}` && type === 'CheckoutAttached' && (data['payment'] as { id: string }).id === sessionId,
    );
    if (!attached || this.#owners.get(`reference-${sessionId}`) !== orderId) {
      this.#broken('a checkout is durable before its URL is known', `${sessionId} of ${orderId} is not attached`);
    }
  }

  /** Access follows from Stripe's final state, the shop knows it, and no review is open for a payment that fits. */
  atTheEnd(shop: Shop): void {
    for (const order of this.#registry.orders) {
      const { orderId } = order;
      const status = this.statusOf(orderId);
      const payments = this.#registry.payments(orderId);
      const placed = this.#rows.some((row) => row.stream === `order-${orderId}` && row.type === 'OrderPlaced');
      const expected = expectedStatus(placed ? order : undefined, payments, this.#options.world.policy, this.#granted.has(orderId));
      if (status !== expected) {
        this.#broken(
          'law 4: access follows Stripe’s final state',
          `${orderId} is ${status}; Stripe makes it ${expected}: ${JSON.stringify(payments)}`,
        );
      }
      const atShop = shop.statusOf(orderId) ?? 'none';
      if (atShop !== status) this.#broken('the newest decision is delivered', `${orderId} is ${status}, the shop has ${atShop}`);
      for (const row of this.#rows) {
        if (row.stream !== `order-${orderId}` || row.type !== 'ReviewOpened') continue;
        const { kind, payment } = row.data as { readonly kind: string; readonly payment: { readonly id: string } };
        // Paid twice, by two payments that fit: somebody must give one back.
        if (kind === 'paid_again' || (kind === 'overpaid' && payments.length > 1)) continue;
        const fits = payments
          .filter(({ reference }) => reference.id === payment.id)
          .every((each) => !mismatchesOf(order, each).some((found) => found === kind));
        if (fits) this.#broken('no false review', `${orderId}: ${kind} of ${payment.id}: ${JSON.stringify(payments)}`);
      }
    }
  }

  /** Reconcile reports only what a person must decide: payments that do not fit. */
  reconciled(mismatches: readonly Mismatch[]): void {
    for (const mismatch of mismatches) {
      const { kind, orderId, paymentId } = mismatch;
      const order = this.#registry.orders.find((each) => each.orderId === orderId);
      const payment = this.#registry.payments(orderId ?? '').find(({ reference }) => reference.id === paymentId);
      const isForPerson = kind === 'paid_without_grant' && order && payment && mismatchesOf(order, payment).includes('amount');
      if (!isForPerson) this.#broken('reconcile agrees in the end', JSON.stringify(mismatch));
    }
  }
}

/** A process may stop for this long between reading the clock and starting its round. */
const frozenMs = 240_000;

function isPaidFact({ type, data }: Row, paymentId: string): boolean {
  if (type !== 'PaymentObserved' && type !== 'PaymentHeld') return false;
  const { payment, fact } = data as { readonly payment: { readonly id: string }; readonly fact: { readonly status: string } };
  return payment.id === paymentId && fact.status === 'paid';
}

function idOf(reference: unknown): string | undefined {
  if (typeof reference === 'string') return reference;
  return (reference as { readonly id?: string } | null | undefined)?.id;
}
