// An order that the shop fulfilled before it had a ledger: what its import adds, and what it leaves alone.
import { describe, expect, test } from 'vitest';
import { given } from '../testing/given-when-then.ts';
import type { OrderCommand } from './decide.ts';
import { isPending } from './delivery-state.ts';
import {
  at,
  decision,
  dispute,
  granted,
  observe,
  observed,
  order1,
  paid,
  paidInParts,
  paymentObserved,
  pi2,
  placed,
  refund,
} from './example-order.test-support.ts';

const report = paymentObserved(paid(), { source: 'manual' });
const imports: OrderCommand = { type: 'import', order: order1, observed: report };

describe('an imported order', () => {
  test('is placed, paid, granted and settled in one append', () => {
    const { order } = given()
      .when(imports)
      .adds(placed, { type: 'PaymentObserved', data: report }, decision('MembershipGranted', 1, { source: 'manual' }), {
        type: 'MembershipDelivered',
        data: { sequence: 1 },
      });
    expect([order.membership, isPending(order)]).toEqual(['active', false]);
  });

  test('that was placed on the same terms, and not granted, is granted and settled', () => {
    given({ type: 'OrderPlaced', data: { ...order1, placedAt: at(9) } })
      .when(imports)
      .adds('PaymentObserved', 'MembershipGranted', 'MembershipDelivered');
  });

  test('whose payment had waited for it is granted by that word, and settled', () => {
    given(observed(paid())).when(imports).adds('OrderPlaced', 'MembershipGranted', 'PaymentObserved', 'MembershipDelivered');
  });

  test('of which the first word gives access, and the whole of it does not, settles the grant alone', () => {
    const whole = paymentObserved(paidInParts({ subtotal: 920, tax: 80 }), { source: 'manual' });
    const { order } = given(observed(paid()))
      .when({ ...imports, observed: whole })
      .adds('OrderPlaced', 'MembershipGranted', 'PaymentObserved', 'ReviewOpened', 'MembershipRevoked', {
        type: 'MembershipDelivered',
        data: { sequence: 1 },
      });
    expect([order.membership, isPending(order)]).toEqual(['revoked', true]);
  });

  test('later loses its membership as any other, and that is delivered', () => {
    const { events } = given().when(imports);
    const { order } = given(...events)
      .when(observe(refund(1_000)))
      .adds('PaymentObserved', 'MembershipRevoked');
    expect(isPending(order)).toBe(true);
  });
});

describe('nothing is settled', () => {
  test('paid with too little', () => {
    given()
      .when({ ...imports, observed: paymentObserved(paid(900), { source: 'manual' }) })
      .adds('OrderPlaced', 'PaymentObserved', 'ReviewOpened');
  });

  test('refunded before it was imported', () => {
    given(observed(refund(1_000)))
      .when(imports)
      .adds('OrderPlaced', 'PaymentObserved');
  });

  test('under dispute', () => {
    given(observed(dispute('open')))
      .when(imports)
      .adds('OrderPlaced', 'PaymentObserved');
  });
});

describe('nothing is added', () => {
  test('to a membership that was decided here: whoever decided it delivers', () => {
    given(...granted)
      .when(imports)
      .addsNothing();
    given(...granted, observed(refund(1_000)), decision('MembershipRevoked', 2))
      .when(imports)
      .addsNothing();
  });

  test.each([
    { plan: 'monthly' },
    { memberId: 'member-2' },
    { account: 'acct_2' },
    { livemode: false },
    { expected: { ...order1.expected, amountMinor: 999 } },
    { expected: { ...order1.expected, allow: { discount: false, tax: true, shipping: true } } },
  ])('to an order that was placed otherwise: %o', (otherwise) => {
    given({ type: 'OrderPlaced', data: { ...order1, ...otherwise } })
      .when(imports)
      .addsNothing();
  });

  test('to an order that the payment was moved away from', () => {
    const moved = { payment: report.payment, toOrderId: 'order-2', linkRevision: 0, by: { actor: 'support-7', reason: 'typed wrong' } };
    given(placed, observed(paid(900)), { type: 'PaymentMoved', data: moved })
      .when(imports)
      .addsNothing();
  });
});

test('another payment of an imported order is money taken twice', () => {
  const { events } = given().when(imports);
  const { order } = given(...events)
    .when(observe(paid(), { of: pi2 }))
    .adds('PaymentObserved', 'ReviewOpened');
  expect(order.reviews).toMatchObject([{ kind: 'overpaid', payment: pi2 }]);
});
