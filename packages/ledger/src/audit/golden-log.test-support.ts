// Writes an example log with the real ledger. Its orders meet each event, each decision and each kind of delivery. Clock and
// ids are the same in every run.
import { defined } from '../defined.ts';
import type { EventStore } from '../event-store/event-store.ts';
import { createPaymentLedger } from '../ledger.ts';
import type { Fact, ManualAction, Observation, PaymentReference, Source } from '../observation.ts';
import type { MembershipChange, PaymentLedger, PaymentLedgerOptions, PlaceOrder } from '../payment-ledger.ts';
import type { Runtime } from '../runtime.ts';

const account = 'acct_1';
export const support: ManualAction = { actor: 'support-7', reason: 'ticket 4711' };

export function payment(id: string, changed: Partial<PaymentReference> = {}): PaymentReference {
  return { provider: 'stripe', account, livemode: true, id, ...changed };
}

export function paid(totalMinor = 4_900, changed: object = {}): Fact {
  return { kind: 'attempt', status: 'paid', amount: { totalMinor, currency: 'usd', ...changed } };
}

const withParts = { parts: { subtotalMinor: 5_000, discountMinor: 500, taxMinor: 400, shippingMinor: 0 } };

/** Makes a runtime whose wall clock moves one second per reading, whose monotonic clock follows it, and whose ids count up. */
export function steadyRuntime(): Runtime & { advance(ms: number): void } {
  let nowMs = Date.UTC(2026, 0, 5, 9, 0, 0);
  let ids = 0;
  return {
    now: () => {
      nowMs += 1_000;
      return new Date(nowMs);
    },
    monotonicNowMs: () => nowMs,
    random: () => 0.5,
    uuid: () => `00000000-0000-4000-8000-${String(++ids).padStart(12, '0')}`,
    // A sleep of 0 ms ends at once. A longer one ends only when its signal is aborted.
    sleep: (ms, signal) =>
      new Promise((done) => {
        if (signal?.aborted || ms === 0) done();
        else signal?.addEventListener('abort', () => done(), { once: true });
      }),
    patience: 1,
    advance: (ms) => {
      nowMs += ms;
    },
  };
}

interface StoryProcess {
  readonly ledger: PaymentLedger;
  observe(source: Source, of: string, fact: Fact, changed?: Partial<Observation>): Promise<unknown>;
  place(orderId: string, amountMinor?: number, allow?: PlaceOrder['allow']): Promise<void>;
  resolve(orderId: string, resolution: 'grant' | 'revoke' | 'dismiss', reviewId?: string): Promise<void>;
}

interface StoryProcessOptions {
  readonly policy?: NonNullable<PaymentLedgerOptions['policy']>;
  readonly deliverTimeoutMs?: number;
  readonly runtime?: Runtime;
  readonly deliver?: NonNullable<PaymentLedgerOptions['deliver']>;
  /** Instead of `deliver`. */
  readonly shadow?: NonNullable<PaymentLedgerOptions['shadow']>;
}

/** Makes a ledger that delivers only in `settle`, with short functions that write to it. */
export function openStoryProcess(
  store: EventStore,
  { runtime = steadyRuntime(), deliver = async () => undefined, shadow, ...options }: StoryProcessOptions = {},
): StoryProcess {
  const ledger = createPaymentLedger({
    ...options,
    eventStore: store,
    runtime,
    ...(shadow ? { shadow } : { deliver }),
    background: false,
    readModels: ':memory:',
  });
  return {
    ledger,
    observe: (source, of, fact, changed = {}) => {
      const asOf = runtime.now().toISOString();
      const statement = {
        payment: payment(of),
        fact,
        asOf,
        evidence: { objectId: of, ...(source === 'webhook' ? { eventId: `evt_${of}` } : {}) },
      };
      return ledger.observePayment({ ...statement, source, ...(source === 'manual' ? { by: support } : {}), ...changed } as Observation);
    },
    place: async (orderId, amountMinor = 4_900, allow) => {
      await ledger.placeOrder({
        orderId,
        memberId: `member-${orderId}`,
        plan: 'pro',
        amountMinor,
        currency: 'usd',
        account,
        livemode: true,
        ...defined({ allow }),
      });
      await ledger.attachCheckout(orderId, payment(`cs_${orderId}`), { expiresAt: '2026-01-06T09:00:00.000Z' });
    },
    resolve: async (orderId, resolution, reviewId = 'r1') => {
      const seenRevision = (await ledger.order(orderId))?.revision ?? -1;
      await ledger.resolveReview(orderId, reviewId, { resolution, seenRevision }, support);
    },
  };
}

/** Writes all the orders, and closes the store. */
export async function writeStories(store: EventStore): Promise<void> {
  const runtime = steadyRuntime();
  const failing = new Set<string>();
  const deliver = async ({ membershipId }: MembershipChange): Promise<void> => {
    if (membershipId === 'abandoned') runtime.advance(73 * 3_600_000);
    if (failing.has(membershipId)) throw new Error('the shop is closed');
  };
  const { ledger, observe, place, resolve } = openStoryProcess(store, { runtime, deliver });
  await using _ = ledger;
  const aliases = (orderId: string) => ({ aliases: [`cs_${orderId}`] });
  const refund = (id: string, status: 'pending' | 'succeeded' | 'failed', amountMinor = 4_900): Fact => ({
    kind: 'refund',
    id,
    status,
    amountMinor,
  });
  const dispute = (status: 'open' | 'won' | 'lost', movements: number): Fact => ({
    kind: 'dispute',
    id: 'dp_1',
    status,
    amountMinor: 4_900,
    returnedDebit: false,
    movements,
  });

  await place('confirmed');
  await observe('webhook', 'pi_confirmed', { kind: 'attempt', status: 'processing' }, aliases('confirmed'));
  await observe('webhook', 'pi_confirmed', paid(), aliases('confirmed'));
  await ledger.settle();
  await observe('poll', 'pi_confirmed', paid(), aliases('confirmed'));
  await observe('status_query', 'pi_confirmed', paid(), aliases('confirmed'));
  await observe('poll', 'pi_confirmed', { kind: 'attempt', status: 'processing' });

  await observe('webhook', 'pi_held', paid(), aliases('held')); // Before its order is known.
  await place('held');

  await observe('webhook', 'pi_early', paid(), { orderId: 'early' }); // Before its order is placed.
  await place('early');

  await place('refunded', 5_000);
  await observe('poll', 'pi_refunded', paid(4_900, withParts), aliases('refunded'));
  await ledger.settle();
  await observe('webhook', 'pi_refunded', refund('re_1', 'pending'));
  await observe('webhook', 'pi_refunded', refund('re_1', 'succeeded'));
  await observe('poll', 'pi_refunded', refund('re_1', 'succeeded'));
  await observe('webhook', 'pi_refunded', paid(4_900, withParts)); // Replayed: law 6.

  await place('disputed');
  await observe('webhook', 'pi_disputed', paid(), aliases('disputed'));
  await observe('webhook', 'pi_disputed', dispute('open', 1));
  await observe('webhook', 'pi_disputed', dispute('won', 2));

  await place('short');
  await observe('webhook', 'pi_short', paid(4_000), aliases('short'));
  await resolve('short', 'grant');

  await place('again');
  await observe('webhook', 'pi_again', paid(), aliases('again'));
  await observe('webhook', 'pi_again', refund('re_2', 'succeeded'));
  await observe('manual', 'pi_again_2', paid(5_000), { orderId: 'again' });
  await resolve('again', 'dismiss');

  await place('named');
  await observe('webhook', 'pi_confirmed', paid(), { ...aliases('named'), orderId: 'named' }); // Another order's payment.

  await place('doubtful');
  await observe('webhook', 'pi_doubtful', paid(4_900, { currency: 'eur' }), aliases('doubtful'));
  await observe('poll', 'pi_doubtful', paid(4_800, { currency: 'eur' }), aliases('doubtful')); // Another total for the same payment.
  await observe('webhook', 'pi_test', paid(), { payment: payment('pi_test', { livemode: false, account: 'acct_2' }), orderId: 'doubtful' });

  await place('partly');
  await observe('webhook', 'pi_partly', paid(), aliases('partly'));
  await observe('webhook', 'pi_partly', refund('re_3', 'succeeded', 1_000));
  await observe('webhook', 'pi_partly', { ...dispute('lost', 1), amountMinor: 3_900 } as Fact);

  await place('wrong', 9_900);
  await place('right');
  await observe('webhook', 'pi_moved', paid(), { orderId: 'wrong' });
  await ledger.movePayment(payment('pi_moved'), 'right', support);
  await observe('poll', 'pi_moved', paid(), { orderId: 'wrong' }); // Overruled.

  await place('twice');
  await observe('webhook', 'pi_twice', paid(), aliases('twice'));
  await observe('webhook', 'pi_twice_2', paid(), { orderId: 'twice' }); // The second payment must be refunded.

  await place('unpaid');
  await observe('webhook', 'cs_unpaid', { kind: 'attempt', status: 'expired' });

  failing.add('tried');
  await place('tried');
  await observe('webhook', 'pi_tried', paid(), aliases('tried'));
  await ledger.settle();
  failing.delete('tried');
  await ledger.redeliver('tried', support);

  failing.add('abandoned');
  await place('abandoned');
  await observe('webhook', 'pi_abandoned', paid(), aliases('abandoned'));
  await ledger.settle();

  await ledger.forAdapters.startSweep('new', 0);
  await ledger.forAdapters.finishSweep('new', 1, {
    upTo: runtime.now().toISOString(),
    summary: { lookedAt: 9, calls: 1, found: 2, rescued: 1 },
  });
  await ledger.forAdapters.recordUnreadable({ objectId: 'evt_new', type: 'charge.updated', sha256: 'ab'.repeat(32), path: 'data.object' });
  await ledger.settle();
}
