// The mapping, row by row of the tables that it promises; the expected fact of each row is written out by hand.
import { describe, expect, test } from 'vitest';
import { charge, dispute, intent, ours, refund, scope, session } from '../stripe-objects.test-support.ts';
import type { ObjectContext } from './provenance.ts';
import { type Mapped, toObservation } from './to-observation.ts';

const at = '2027-01-15T08:30:00.000Z';
const context: ObjectContext = {
  account: 'acct_1',
  livemode: false,
  asOf: at,
  eventId: 'evt_1',
  apiVersion: '2026-10-28.endive',
};

function map(object: unknown, how: Partial<ObjectContext> = {}): Mapped {
  return toObservation(object, { ...context, ...how }, scope);
}

/** `pi_1 paid 1000 eur`, `ignored`, `not understood at status`… */
function inShort(mapped: Mapped): string {
  switch (mapped.kind) {
    case 'statement': {
      const { payment, fact } = mapped.statement;
      if (fact.kind === 'attempt' && fact.status === 'paid') return `${payment.id} paid ${fact.amount.totalMinor} ${fact.amount.currency}`;
      if (fact.kind === 'attempt') return `${payment.id} ${fact.status}`;
      if (fact.kind === 'refund') return `${payment.id} ${fact.id} ${fact.status} ${fact.amountMinor}`;
      return `${payment.id} ${fact.id} ${fact.status} ${fact.amountMinor} ${fact.returnedDebit ? 'returned' : 'disputed'} ${fact.movements}`;
    }
    case 'read_session':
      return `read ${mapped.sessionId}`;
    case 'list_refunds':
      return `refunds of ${Object.values(mapped.of).join()}`;
    case 'ignored':
      return 'ignored';
    case 'not_understood':
      return `not understood at ${mapped.path}`;
  }
}

const unpaid = { payment_status: 'unpaid' };
const free = { amount_total: 0, total_details: { amount_discount: 1_000, amount_shipping: 0, amount_tax: 0 }, payment_intent: null };

describe('a session says', () => {
  // biome-ignore format: a table
  test.each([
    ['setup mode', { mode: 'setup', payment_status: 'no_payment_required', payment_intent: null }, 'ignored'],
    ['setup mode, with a status that nobody knows', { mode: 'setup', status: 'pondering' }, 'ignored'],
    ['subscription mode, paid', { mode: 'subscription', payment_intent: null }, 'ignored'],
    ['open and unpaid', { status: 'open', ...unpaid, payment_intent: null }, 'ignored'],
    ['open after a decline', { status: 'open', ...unpaid, payment_intent: intent({ status: 'requires_payment_method' }) }, 'ignored'],
    ['complete and paid', {}, 'pi_1 paid 1000 eur'],
    ['complete and paid, with its intent', { payment_intent: intent() }, 'pi_1 paid 1000 eur'],
    ['complete, captured in part', { ...unpaid, payment_intent: intent({ amount_received: 600 }) }, 'pi_1 paid 600 eur'],
    ['complete, captured in full, not yet marked paid', { ...unpaid, payment_intent: intent() }, 'pi_1 paid 1000 eur'],
    ['a 100 % coupon', free, 'cs_test_1 paid 0 eur'],
    ['a 100 % coupon, in the other words', { ...free, payment_status: 'no_payment_required' }, 'cs_test_1 paid 0 eur'],
    ['no payment required, for money', { payment_status: 'no_payment_required', payment_intent: null }, 'not understood at payment_intent'],
    ['paid, without an intent, for money', { payment_intent: null }, 'not understood at payment_intent'],
    ['unpaid, without an intent', { ...free, ...unpaid }, 'not understood at payment_intent'],
    ['complete and unpaid, intent not expanded', unpaid, 'read cs_test_1'],
    ['complete and unpaid, processing', { ...unpaid, payment_intent: intent({ status: 'processing' }) }, 'pi_1 processing'],
    ['complete and unpaid, waiting for a voucher', { ...unpaid, payment_intent: intent({ status: 'requires_action' }) }, 'pi_1 awaiting_customer'],
    ['complete and unpaid, authorized', { ...unpaid, payment_intent: intent({ status: 'requires_capture' }) }, 'pi_1 authorized'],
    ['complete and unpaid, failed', { ...unpaid, payment_intent: intent({ status: 'requires_payment_method' }) }, 'pi_1 failed'],
    ['complete and unpaid, canceled', { ...unpaid, payment_intent: intent({ status: 'canceled' }) }, 'pi_1 canceled'],
    ['open, its intent canceled', { status: 'open', ...unpaid, payment_intent: intent({ status: 'canceled' }) }, 'pi_1 canceled'],
    ['expired, its intent canceled', { status: 'expired', ...unpaid, payment_intent: intent({ status: 'canceled' }) }, 'pi_1 canceled'],
    ['expired', { status: 'expired', ...unpaid, payment_intent: null }, 'cs_test_1 expired'],
    ['paid, by an intent that has no money', { payment_intent: intent({ status: 'processing' }) }, 'not understood at payment_intent.status'],
    ['no mode', { mode: null }, 'not understood at mode'],
    ['an unknown mode', { mode: 'lottery' }, 'not understood at mode'],
    ['no status', { status: null }, 'not understood at status'],
    ['an unknown status', { status: 'pondering' }, 'not understood at status'],
    ['an unknown payment status', { payment_status: 'maybe' }, 'not understood at payment_status'],
    ['an unknown status of its intent', { payment_intent: intent({ status: 'pondering' }) }, 'not understood at payment_intent.status'],
    ['a fractional amount', { amount_total: 10.5 }, 'not understood at amount_total'],
    ['a negative amount', { amount_total: -1 }, 'not understood at amount_total'],
    ['no amount', { amount_total: null }, 'not understood at amount_total'],
    ['no currency', { currency: null }, 'not understood at currency'],
    ['a currency of four letters', { currency: 'usdc' }, 'not understood at currency'],
    ['an id that the ledger cannot keep', { id: 'cs test' }, 'not understood at id'],
    ['an order id that the ledger cannot keep', { metadata: { ...ours, paidonce_order: 'a/b' } }, 'not understood at metadata.paidonce_order'],
  ])('%s', (_, fields, expected) => {
    expect(inShort(map(session(fields)))).toBe(expected);
  });

  test('its fields of older API versions may be missing', () => {
    const { recovered_from: _, total_details: __, ...old } = session();
    expect(inShort(map(old))).toBe('pi_1 paid 1000 eur');
  });
});

describe('a payment intent alone says', () => {
  const declined = { last_payment_error: { code: 'card_declined' } };
  // biome-ignore format: a table
  test.each([
    ['requires_payment_method', {}, 'ignored'],
    ['requires_payment_method', declined, 'pi_1 attempt_failed'],
    ['requires_confirmation', {}, 'ignored'],
    ['requires_action', {}, 'ignored'],
    ['requires_action', declined, 'ignored'],
    ['processing', {}, 'pi_1 processing'],
    ['requires_capture', {}, 'pi_1 authorized'],
    ['succeeded', {}, 'pi_1 paid 1000 eur'],
    ['succeeded', { amount: 1_000, amount_received: 250 }, 'pi_1 paid 250 eur'],
    ['succeeded', { amount: 1_000, amount_received: 1_200 }, 'pi_1 paid 1200 eur'],
    ['canceled', {}, 'pi_1 canceled'],
    ['pondering', {}, 'not understood at status'],
    [null, {}, 'not understood at status'],
  ])('%s %o: %s', (status, fields, expected) => {
    expect(inShort(map(intent({ status, ...fields })))).toBe(expected);
  });

  test('that its parts are unknown, where a session would know them', () => {
    expect(map(intent())).toMatchObject({ kind: 'statement', partsUnknown: true });
    expect(map(session({ payment_intent: intent() }))).toMatchObject({ kind: 'statement', partsUnknown: false });
  });
});

describe('a refund says', () => {
  const ofCharge = (amount: number, amount_captured: number) => ({ id: 'ch_1', object: 'charge', amount, amount_captured });

  // biome-ignore format: a table
  test.each([
    [{ status: 'pending' }, 'pi_1 re_1 pending 400'],
    [{ status: 'requires_action' }, 'pi_1 re_1 requires_action 400'],
    [{ status: 'succeeded' }, 'pi_1 re_1 succeeded 400'],
    [{ status: 'canceled' }, 'pi_1 re_1 canceled 400'],
    [{ status: 'failed' }, 'pi_1 re_1 failed 400'],
    [{ status: null }, 'not understood at status'],
    [{ status: 'pondering' }, 'not understood at status'],
    [{ reason: 'expired_uncaptured_charge' }, 'ignored'],
    [{ balance_transaction: null }, 'ignored'],
    [{ balance_transaction: undefined }, 'ignored'],
    [{ balance_transaction: null, charge: ofCharge(1_000, 600) }, 'ignored'],
    [{ balance_transaction: null, charge: ofCharge(400, 0) }, 'ignored'],
    [{ balance_transaction: null, charge: ofCharge(1_000, 1_000) }, 'pi_1 re_1 pending 400'],
    [{ balance_transaction: null, charge: ofCharge(1_000, 300) }, 'pi_1 re_1 pending 400'],
    [{ balance_transaction: null, charge: ofCharge(1_000, 1_400) }, 'pi_1 re_1 pending 400'],
    [{ charge: ofCharge(1_000, 600) }, 'pi_1 re_1 succeeded 400'],
    [{ payment_intent: null, charge: ofCharge(1_000, 1_000) }, 'ch_1 re_1 succeeded 400'],
    [{ balance_transaction: { id: 'txn_2', reporting_category: 'partial_capture_reversal' } }, 'ignored'],
    [{ balance_transaction: { id: 'txn_2', reporting_category: 'refund' } }, 'pi_1 re_1 succeeded 400'],
    [{ balance_transaction: { id: 'txn_2' } }, 'pi_1 re_1 succeeded 400'],
    [{ balance_transaction: null, status: 'pending' }, 'pi_1 re_1 pending 400'],
    [{ balance_transaction: null, status: 'failed' }, 'pi_1 re_1 failed 400'],
    [{ payment_intent: null }, 'ch_1 re_1 succeeded 400'],
    [{ payment_intent: { id: 'pi_2', object: 'payment_intent' } }, 'pi_2 re_1 succeeded 400'],
    [{ payment_intent: null, charge: null }, 'not understood at payment_intent'],
  ])('%o: %s', (fields, expected) => {
    expect(inShort(map(refund(fields)))).toBe(expected);
  });

  test('no mode of its own: it takes that of the event, and without one it is not understood', () => {
    expect(map(refund(), { livemode: true })).toMatchObject({ statement: { payment: { livemode: true } } });
    const { livemode: _, ...modeless } = context;
    expect(inShort(toObservation(refund(), modeless, scope))).toBe('not understood at livemode');
  });
});

describe('a charge is only a hint', () => {
  // biome-ignore format: a table
  test.each([
    [{ amount_refunded: 0 }, 'ignored'],
    [{ amount_refunded: 1 }, 'refunds of pi_1'],
    [{ amount_refunded: 1, payment_intent: null }, 'refunds of ch_1'],
  ])('%o: %s', (fields, expected) => {
    expect(inShort(map(charge(fields)))).toBe(expected);
  });
});

describe('a dispute says', () => {
  const charged = (amount: number, fields: object = {}) => {
    return { id: 'ch_1', amount, amount_captured: amount, amount_refunded: 0, currency: 'eur', ...fields };
  };
  const ofCase = (case_type: string) => ({ payment_method_details: { type: 'card', card: { brand: 'visa', case_type } } });

  // biome-ignore format: a table
  test.each([
    [{ status: 'warning_needs_response' }, 'inquiry 1000 disputed 1'],
    [{ status: 'warning_under_review' }, 'inquiry 1000 disputed 1'],
    [{ status: 'warning_closed' }, 'won 1000 disputed 1'],
    [{ status: 'needs_response' }, 'open 1000 disputed 1'],
    [{ status: 'under_review' }, 'open 1000 disputed 1'],
    [{ status: 'appeal_needs_response' }, 'open 1000 disputed 1'],
    [{ status: 'appeal_under_review' }, 'open 1000 disputed 1'],
    [{ status: 'won' }, 'won 1000 disputed 1'],
    [{ status: 'lost' }, 'lost 1000 disputed 1'],
    [{ status: 'prevented' }, 'lost 1000 disputed 1'],
    [{ status: 'prevented', ...ofCase('block'), balance_transactions: [] }, 'prevented 1000 disputed 0'],
    [{ status: 'prevented', ...ofCase('block'), balance_transactions: [{ amount: -1_000 }] }, 'lost 1000 disputed 1'],
    [{ status: 'prevented', ...ofCase('block'), balance_transactions: [{ amount: -1_000 }, { amount: 1_000 }] }, 'prevented 1000 disputed 2'],
    [{ status: 'prevented', ...ofCase('resolution'), balance_transactions: [] }, 'lost 1000 disputed 0'],
    [{ status: 'prevented', ...ofCase('resolution'), balance_transactions: [{ amount: -1_000 }] }, 'lost 1000 disputed 1'],
    [{ status: 'prevented', payment_method_details: undefined, balance_transactions: [] }, 'prevented 1000 disputed 0'],
    [{ status: 'prevented', ...ofCase('block'), balance_transactions: ['txn_1'] }, 'lost 1000 disputed 1'],
    [{ status: 'prevented', payment_method_details: { type: 'klarna', klarna: {} }, balance_transactions: [] }, 'prevented 1000 disputed 0'],
    [{ charge: charged(1_200), amount: 300 }, 'open 300 disputed 1'],
    [{ charge: charged(1_200, { currency: 'usd' }), amount: 300 }, 'open 1200 disputed 1'],
    [{ charge: charged(1_200, { currency: 'usd' }), amount: 300, currency: undefined }, 'open 300 disputed 1'],
    [{ charge: charged(10_000), amount: 9_870 }, 'open 10000 disputed 1'],
    [{ charge: charged(10_000), amount: 9_870, status: 'lost' }, 'lost 10000 disputed 1'],
    [{ charge: charged(10_000), amount: 8_000 }, 'open 10000 disputed 1'],
    [{ charge: charged(10_000), amount: 7_999 }, 'open 7999 disputed 1'],
    [{ charge: charged(10_000), amount: 10_130 }, 'open 10130 disputed 1'],
    [{ charge: 'ch_1', amount: 9_870 }, 'open 9870 disputed 1'],
    [{ charge: charged(10_000, { amount_refunded: 4_000 }), amount: 4_800 }, 'open 6000 disputed 1'],
    [{ charge: charged(10_000, { amount_refunded: 4_000 }), amount: 4_799 }, 'open 4799 disputed 1'],
    [{ charge: charged(10_000, { amount_refunded: 500 }), amount: 9_870 }, 'open 10000 disputed 1'],
    [{ charge: charged(10_000, { amount_refunded: 10_000 }), amount: 3_000 }, 'open 3000 disputed 1'],
    [{ charge: charged(10_000, { amount_captured: 6_000, amount_refunded: 4_000 }), amount: 5_922 }, 'open 6000 disputed 1'],
    [{ charge: charged(10_000, { amount_captured: 6_000, amount_refunded: 7_000 }), amount: 2_961 }, 'open 3000 disputed 1'],
    [{ charge: charged(10_000, { amount_captured: 6_000, amount_refunded: 4_000 }), amount: 3_000 }, 'open 3000 disputed 1'],
    [{ reason: 'insufficient_funds' }, 'open 1000 returned 1'],
    [{ reason: 'incorrect_account_details' }, 'open 1000 returned 1'],
    [{ reason: 'bank_cannot_process' }, 'open 1000 returned 1'],
    [{ balance_transactions: [], amount: 300 }, 'open 300 disputed 0'],
    [{ balance_transactions: [{}, {}] }, 'open 1000 disputed 2'],
  ])('%o: %s', (fields, expected) => {
    expect(inShort(map(dispute(fields)))).toBe(`pi_1 dp_1 ${expected}`);
  });

  test.each([['pondering'], ['toString']])('nothing that we know where its status is %s', (status) => {
    expect(inShort(map(dispute({ status })))).toBe('not understood at status');
  });
});

describe('other objects', () => {
  test.each([['invoice'], ['customer'], ['payout']])('a %s is ignored', (object) => {
    expect(inShort(map({ id: 'x_1', object }))).toBe('ignored');
  });

  test.each([[undefined], [null], ['text'], [{}], [{ object: 7 }]])('%o is not understood', (object) => {
    expect(inShort(map(object))).toBe('not understood at object');
  });
});

describe('the amount', () => {
  function partsOf(fields: object): unknown {
    const mapped = map(session(fields));
    return mapped.kind === 'statement' && mapped.statement.fact.kind === 'attempt' && mapped.statement.fact.status === 'paid'
      ? mapped.statement.fact.amount
      : mapped;
  }

  test('has the parts of the session: discount, tax on top, shipping', () => {
    const total_details = { amount_discount: 100, amount_tax: 90, amount_shipping: 50 };
    expect(partsOf({ amount_total: 1_040, total_details })).toEqual({
      totalMinor: 1_040,
      currency: 'eur',
      parts: { subtotalMinor: 1_000, discountMinor: 100, taxMinor: 90, shippingMinor: 50 },
    });
  });

  test('counts tax that the prices include as none: it stands in the subtotal already', () => {
    const total_details = { amount_discount: 0, amount_tax: 167, amount_shipping: 0 };
    expect(partsOf({ amount_total: 1_000, total_details })).toMatchObject({ parts: { subtotalMinor: 1_000, taxMinor: 0 } });
  });

  test('counts of mixed taxes what was added on top', () => {
    const total_details = { amount_discount: 0, amount_tax: 167, amount_shipping: 0 };
    expect(partsOf({ amount_total: 1_060, total_details })).toMatchObject({ parts: { taxMinor: 60 } });
  });

  test('takes shipping that is null for none', () => {
    const total_details = { amount_discount: 0, amount_tax: 0, amount_shipping: null };
    expect(partsOf({ total_details })).toMatchObject({ parts: { shippingMinor: 0 } });
  });

  test('is what the intent received, while the parts stay those of the session', () => {
    expect(partsOf({ payment_intent: intent({ amount_received: 600 }) })).toMatchObject({
      totalMinor: 600,
      parts: { subtotalMinor: 1_000 },
    });
  });
});

describe('a statement', () => {
  test('of an event is as of the event, with its evidence', () => {
    expect(map(session())).toEqual({
      kind: 'statement',
      statement: {
        payment: { provider: 'stripe', account: 'acct_1', livemode: false, id: 'pi_1' },
        aliases: ['cs_test_1'],
        fact: {
          kind: 'attempt',
          status: 'paid',
          amount: { totalMinor: 1_000, currency: 'eur', parts: { subtotalMinor: 1_000, discountMinor: 0, taxMinor: 0, shippingMinor: 0 } },
        },
        asOf: at,
        evidence: { objectId: 'cs_test_1', eventId: 'evt_1', apiVersion: '2026-10-28.endive' },
      },
      claim: { references: ['pi_1', 'cs_test_1'], hasOurScope: true, orderId: 'order-1' },
      partsUnknown: false,
    });
  });

  describe('of a read tells when the money came:', () => {
    const read: ObjectContext = { account: 'acct_1', asOf: '2027-01-20T00:00:00.000Z' };
    const made = 1_800_000_200; // 2027-01-15T08:03:20Z, after the intent and the session.
    const chargeOf = (type: string, created = made) => ({ latest_charge: { id: 'ch_1', created, payment_method_details: { type } } });
    const paidAt = '2027-01-16T00:00:00.000Z';
    const completedAt = '2027-01-15T09:00:00.000Z';

    // biome-ignore format: a table
    test.each<[what: string, object: unknown, how: Partial<ObjectContext>, occurredAt: string | undefined]>([
      ['with the charge of a card', intent(chargeOf('card')), {}, '2027-01-15T08:03:20.000Z'],
      ['with the charge of a card, in its session', session({ payment_intent: intent(chargeOf('card')) }), {}, '2027-01-15T08:03:20.000Z'],
      ['with the charge of a voucher that was paid days later', intent(chargeOf('konbini', made + 86_400)), {}, '2027-01-16T08:03:20.000Z'],
      ['not with its creation, where no charge is shown', intent(), {}, undefined],
      ['not with its creation, where the charge is only named', intent({ latest_charge: 'ch_1' }), {}, undefined],
      ['not with the charge of a debit, which is submitted days before', intent(chargeOf('sepa_debit')), {}, undefined],
      ['not with the charge of an authorization', intent({ ...chargeOf('card'), capture_method: 'manual' }), {}, undefined],
      ['nor where its method alone says so', intent({ ...chargeOf('card'), capture_method: 'automatic_async', payment_method_options: { card: { capture_method: 'manual' } } }), {}, undefined],
      ['of a debit long ago, a month after it at most', intent(chargeOf('sepa_debit', made - 40 * 86_400)), {}, '2027-01-05T08:03:20.000Z'],
      ['by an event that says paid', intent(chargeOf('sepa_debit')), { paidAt }, paidAt],
      ['by an event that says paid, before the charge', intent(chargeOf('card')), { paidAt }, paidAt],
      ['not by an event that says completed', intent(chargeOf('sepa_debit')), { completedAt }, undefined],
      ['of a session that cost nothing, before it would have expired', session({ ...free, expires_at: made }), {}, '2027-01-15T08:03:20.000Z'],
      ['of a session that cost nothing, not with its creation', session(free), {}, undefined],
      ['of a session that cost nothing, by an event that says completed', session({ ...free, expires_at: made }), { completedAt }, completedAt],
    ])('%s', (_, object, how, expected) => {
      const mapped = toObservation(object, { ...read, ...how }, scope);
      expect(mapped.kind === 'statement' && mapped.statement).toMatchObject({ asOf: read.asOf, fact: { status: 'paid' } });
      expect(mapped.kind === 'statement' && mapped.statement.occurredAt).toBe(expected);
    });

    test('nothing else has a time of its own', () => {
      const mapped = toObservation(refund(), { ...read, livemode: false, paidAt }, scope);
      expect(mapped.kind === 'statement' && mapped.statement).not.toHaveProperty('occurredAt');
    });
  });
});

describe('the claim', () => {
  function claimOf(object: unknown): unknown {
    const mapped = map(object);
    return mapped.kind === 'ignored' ? mapped : mapped.claim;
  }

  test('of an object without our scope names no order', () => {
    expect(claimOf(session({ metadata: { paidonce_order: 'order-1' } }))).toEqual({
      references: ['pi_1', 'cs_test_1'],
      hasOurScope: false,
    });
    expect(claimOf(intent({ metadata: { paidonce: 'another-shop', paidonce_order: 'order-1' } }))).toMatchObject({ hasOurScope: false });
  });

  test('takes the client reference of an object of ours that names no order, but not on a Payment Link', () => {
    const hasOurScope = { metadata: { paidonce: scope }, client_reference_id: 'order-2' };
    expect(claimOf(session(hasOurScope))).toMatchObject({ orderId: 'order-2' });
    expect(claimOf(session({ ...hasOurScope, payment_link: 'plink_1' }))).not.toHaveProperty('orderId');
    expect(claimOf(session({ ...hasOurScope, metadata: {} }))).not.toHaveProperty('orderId');
    expect(claimOf(session({ client_reference_id: 'order-2' }))).toMatchObject({ orderId: 'order-1' });
  });

  test('of a refund or dispute asks its payment intent, whatever its own metadata say', () => {
    expect(claimOf(refund({ metadata: ours }))).toEqual({ references: ['pi_1', 'ch_1'], hasOurScope: false, ownerIntentId: 'pi_1' });
    expect(claimOf(dispute({ payment_intent: null }))).toEqual({ references: ['ch_1'], hasOurScope: false });
  });

  test('of a session that cannot be read is known all the same', () => {
    expect(claimOf(session({ status: 'pondering' }))).toMatchObject({ hasOurScope: true, orderId: 'order-1' });
  });

  test('of a recovered session names the one that it copies', () => {
    expect(claimOf(session({ recovered_from: 'cs_test_0' }))).toMatchObject({ recoveredFrom: 'cs_test_0' });
  });
});
