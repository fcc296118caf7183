import { describe, expect, test } from 'vitest';
import { given } from '../testing/given-when-then.ts';
import { type Access, entitled } from './access.ts';
import { decide, type OrderCommand } from './decide.ts';
import type { DecisionType, OrderEvent } from './events.ts';
import {
  at,
  attempt,
  decision,
  dispute,
  granted,
  observe,
  observed,
  order1,
  paid,
  payment,
  paymentObserved,
  pi1,
  pi2,
  place,
  placed,
  refund,
  resolve,
  review,
  support,
} from './example-order.test-support.ts';
import { evolve, initialState, type MembershipStatus } from './order.ts';
import { defaultPolicy, type Policy, withDefaults } from './policy.ts';

const suspended: readonly OrderEvent[] = [...granted, observed(dispute('open')), decision('MembershipSuspended', 2)];
const revoked: readonly OrderEvent[] = [...granted, observed(refund(1_000)), decision('MembershipRevoked', 2)];
const revokedWhileDisputed: readonly OrderEvent[] = [...suspended, observed(refund(1_000)), decision('MembershipRevoked', 3)];

describe('the decision table: membership × access', () => {
  interface Cell {
    readonly membership: MembershipStatus;
    readonly access: Access;
    readonly events: readonly OrderEvent[];
    readonly command: OrderCommand;
    readonly decides: DecisionType | null;
  }
  // biome-ignore format: a table
  const cells: readonly Cell[] = [
    { membership: 'none', access: 'full', events: [placed], command: observe(paid()), decides: 'MembershipGranted' },
    { membership: 'none', access: 'paused', events: [placed, observed(dispute('open'))], command: observe(paid()), decides: null },
    { membership: 'none', access: 'ended', events: [placed], command: observe(attempt('attempt_failed')), decides: null },
    { membership: 'active', access: 'full', events: granted, command: observe(paid(), { source: 'poll' }), decides: null },
    { membership: 'active', access: 'paused', events: granted, command: observe(dispute('open')), decides: 'MembershipSuspended' },
    { membership: 'active', access: 'ended', events: granted, command: observe(refund(1_000)), decides: 'MembershipRevoked' },
    { membership: 'suspended', access: 'full', events: suspended, command: observe(dispute('won')), decides: 'MembershipRestored' },
    { membership: 'suspended', access: 'paused', events: suspended, command: observe(dispute('open', { id: 'dp_2' })), decides: null },
    { membership: 'suspended', access: 'ended', events: suspended, command: observe(dispute('lost')), decides: 'MembershipRevoked' },
    { membership: 'revoked', access: 'full', events: revoked, command: observe(refund(1_000, 'failed')), decides: 'MembershipRestored' },
    { membership: 'revoked', access: 'paused', events: revokedWhileDisputed, command: observe(refund(1_000, 'failed')), decides: 'MembershipSuspended' },
    { membership: 'revoked', access: 'ended', events: revoked, command: observe(refund(1_000), { source: 'poll' }), decides: null },
  ];

  test('has twelve cells', () => expect(new Set(cells.map(({ membership, access }) => `${membership} ${access}`)).size).toBe(12));

  test.each(cells)('$membership, $access: $decides', ({ membership, access, events, command, decides }) => {
    const decided = given(...events).when(command);
    decided.adds('PaymentObserved', ...(decides ? [decides] : []));
    expect(given(...events).when(place).order.membership).toBe(membership); // Placed before: the order as it was.
    expect(entitled(decided.order, defaultPolicy).access).toBe(access);
  });
});

describe('place', () => {
  test('an order is placed once', () => given().when(place).adds(placed));
  test('placed again, also otherwise, it stays as it was', () =>
    given(placed)
      .when({ type: 'place', order: { ...order1, plan: 'monthly' } })
      .addsNothing());
  test('a payment that waited for its order grants as the order is placed, and names who had brought it', () => {
    given(observed(paid(), { source: 'status_query', asOf: at(7) }), observed(paid(), { source: 'poll', asOf: at(7) }))
      .when(place)
      .adds(placed, decision('MembershipGranted', 1, { source: 'status_query', paidAt: at(7) }));
  });
  test('a refund that waited too leaves nothing to grant', () => {
    given(observed(refund(1_000)), observed(paid()))
      .when(place)
      .adds('OrderPlaced');
  });
  test('a waiting payment that mismatches is reviewed as the order is placed', () => {
    given(observed(paid(900)))
      .when(place)
      .adds(placed, {
        type: 'ReviewOpened',
        data: { reviewId: 'r1', kind: 'amount', payment: pi1, openedAt: order1.placedAt },
      });
  });
  test('two waiting payments: the earlier one grants, the other is money taken twice, and is reviewed', () => {
    const { order } = given(observed(paid(), { asOf: at(2) }), observed(paid(), { of: pi2, asOf: at(1) }))
      .when(place)
      .adds('OrderPlaced', 'ReviewOpened', decision('MembershipGranted', 1, { payment: pi2, paidAt: at(1) }));
    expect(order.reviews).toMatchObject([{ kind: 'overpaid', payment: pi1 }]);
  });
  test('two waiting payments of the same time: their ids decide, not their arrival', () => {
    for (const report of [
      [observed(paid()), observed(paid(), { of: pi2 })],
      [observed(paid(), { of: pi2 }), observed(paid())],
    ]) {
      given(...report)
        .when(place)
        .adds('OrderPlaced', 'ReviewOpened', decision('MembershipGranted', 1, { payment: pi1 }));
    }
  });
  test('nothing is decided of an order that is not placed', () => {
    given().when(observe(paid())).adds('PaymentObserved');
  });
});

describe('attach', () => {
  const checkout = { payment: payment('cs_1'), attachedAt: at(0), expiresAt: at(30) };
  test('a checkout is attached once', () => {
    given(placed).when({ type: 'attach', checkout }).adds({ type: 'CheckoutAttached', data: checkout });
    given(placed, { type: 'CheckoutAttached', data: checkout })
      .when({ type: 'attach', checkout: { ...checkout, attachedAt: at(9) } })
      .addsNothing();
  });
  test('there may be several', () => {
    given(placed, { type: 'CheckoutAttached', data: checkout })
      .when({ type: 'attach', checkout: { ...checkout, payment: payment('cs_2') } })
      .adds('CheckoutAttached');
  });
});

describe('a grant', () => {
  test('names the member, the plan, the payment that it is based on, its time and who said so', () => {
    given(placed)
      .when(observe(paid(), { source: 'poll', asOf: at(55), occurredAt: at(3) }))
      .adds('PaymentObserved', {
        type: 'MembershipGranted',
        data: {
          membershipId: 'order-1',
          memberId: 'member-1',
          plan: 'yearly',
          sequence: 1,
          paidAt: at(3),
          payment: pi1,
          source: 'poll',
        },
      });
  });
  test('a zero-amount order is paid with nothing', () => {
    const free: OrderEvent = { type: 'OrderPlaced', data: { ...order1, expected: { ...order1.expected, amountMinor: 0 } } };
    given(free)
      .when(observe(paid(0)))
      .adds('PaymentObserved', 'MembershipGranted');
  });
  test('a hundred per cent coupon: nothing is left to pay', () => {
    const parts = { subtotalMinor: 1_000, discountMinor: 1_000, taxMinor: 0, shippingMinor: 0 };
    given(placed)
      .when(observe(paid(0, { parts }), { of: payment('cs_1') }))
      .adds('PaymentObserved', decision('MembershipGranted', 1, { payment: payment('cs_1') }));
  });
  test.each(['processing', 'awaiting_customer', 'authorized', 'attempt_failed', 'canceled', 'expired', 'failed'] as const)(
    '%s is not paid',
    (status) => {
      given(placed)
        .when(observe(attempt(status)))
        .adds('PaymentObserved');
    },
  );
  test('manual money grants too, and says who and why', () => {
    const cash = paymentObserved(paid(), { of: payment('manual:1', { provider: 'manual' }), source: 'manual' });
    const [report, grant] = given(placed).when({ type: 'observe', observed: cash }).events;
    expect(report?.data).toMatchObject({ source: 'manual', by: { actor: 'support-7' } });
    expect(grant).toMatchObject({ type: 'MembershipGranted', data: { source: 'manual' } });
  });
});

describe('policy: each field in both its values', () => {
  interface Case {
    readonly field: keyof Policy;
    /** Absent: the field is absent, so the first rules apply. */
    readonly value?: string | number;
    readonly when: OrderCommand;
    readonly adds: readonly (DecisionType | 'ReviewOpened')[];
    readonly events?: readonly OrderEvent[];
  }
  const debit = (status: 'open' | 'lost') => observe(dispute(status, { returnedDebit: true }));
  const another = observe(paid(), { of: pi2 });
  // biome-ignore format: a table
  const cases: readonly Case[] = [
    { field: 'fullRefund', value: 'revoke', when: observe(refund(1_000)), adds: ['MembershipRevoked'] },
    { field: 'fullRefund', value: 'keep', when: observe(refund(1_000)), adds: [] },
    { field: 'partialRefund', value: 'revoke', when: observe(refund(999)), adds: ['MembershipRevoked'] },
    { field: 'partialRefund', value: 'keep', when: observe(refund(999)), adds: [] },
    { field: 'openDispute', value: 'suspend', when: observe(dispute('open')), adds: ['MembershipSuspended'] },
    { field: 'openDispute', value: 'keep', when: observe(dispute('open')), adds: [] },
    { field: 'lostDispute', value: 'revoke', when: observe(dispute('lost')), adds: ['MembershipRevoked'] },
    { field: 'lostDispute', value: 'keep', when: observe(dispute('lost')), adds: [] },
    { field: 'returnedDebit', value: 'revoke', when: debit('open'), adds: ['MembershipRevoked'] },
    { field: 'returnedDebit', value: 'revoke', when: debit('lost'), adds: ['MembershipRevoked'] },
    { field: 'returnedDebit', value: 'suspend', when: debit('open'), adds: ['MembershipSuspended'] },
    { field: 'returnedDebit', value: 'suspend', when: debit('lost'), adds: ['MembershipSuspended'] },
    { field: 'paidAgain', value: 'restore', when: another, adds: ['ReviewOpened', 'MembershipRestored'], events: revoked },
    { field: 'paidAgain', value: 'review', when: another, adds: ['ReviewOpened'], events: revoked },
    { field: 'rules', value: 2, when: observe(dispute('lost', { amountMinor: 50 })), adds: [] },
    { field: 'rules', when: observe(dispute('lost', { amountMinor: 50 })), adds: ['MembershipRevoked'] },
  ];
  const defaults: Policy = {
    fullRefund: 'revoke',
    partialRefund: 'keep',
    openDispute: 'suspend',
    lostDispute: 'revoke',
    returnedDebit: 'revoke',
    paidAgain: 'restore',
    rules: 2,
  };

  test('every field is here in both its values', () => {
    expect(new Set(cases.map(({ field, value }) => `${field} ${value}`)).size).toBe(2 * Object.keys(defaults).length);
  });
  test('the defaults are those that the design names', () => expect(defaultPolicy).toEqual(defaults));
  test.each(cases)('$field: $value', ({ field, value, when, adds, events = granted }) => {
    given(...events)
      .when(when, { [field]: value })
      .adds('PaymentObserved', ...adds);
    if (defaults[field] !== value) return;
    given(...events)
      .when(when)
      .adds('PaymentObserved', ...adds);
  });
});

describe('refunds (law 4: only `succeeded` ones undo)', () => {
  test.each(['pending', 'requires_action', 'canceled', 'failed'] as const)('one that is %s takes nothing away', (status) => {
    given(...granted)
      .when(observe(refund(1_000, status)))
      .adds('PaymentObserved');
  });
  test('several partial ones make a full one', () => {
    given(...granted, observed(refund(600)))
      .when(observe(refund(400, 'succeeded', 're_2')))
      .adds('PaymentObserved', 'MembershipRevoked');
    given(...granted, observed(refund(600)))
      .when(observe(refund(399, 'succeeded', 're_2')))
      .adds('PaymentObserved');
  });
  test('one that fails late, after it had succeeded, restores', () => {
    given(...revoked)
      .when(observe(refund(1_000, 'failed')))
      .adds('PaymentObserved', decision('MembershipRestored', 3));
  });
  test('one that failed stays failed, though its success is reported later', () => {
    given(...granted, observed(refund(1_000, 'failed')))
      .when(observe(refund(1_000)))
      .adds('PaymentObserved');
  });
  test('one before the payment was known: then never granted', () => {
    given(placed, observed(refund(1_000)))
      .when(observe(paid()))
      .adds('PaymentObserved');
  });
  test('of two payments one is refunded: the membership stays', () => {
    const twice = [...granted, observed(paid(), { of: pi2 }), review('overpaid', 'r1', pi2)];
    given(...twice)
      .when(observe(refund(1_000)))
      .adds('PaymentObserved');
    given(...twice, observed(refund(1_000)))
      .when(observe(refund(1_000), { of: pi2 }))
      .adds('PaymentObserved', 'MembershipRevoked');
  });
  test('where a membership ends, the payment that it rested on is named', () => {
    given(...granted)
      .when(observe(refund(1_000), { asOf: at(50), source: 'poll' }))
      .adds('PaymentObserved', decision('MembershipRevoked', 2, { source: 'poll' }));
  });
  test('an order that was paid with nothing has nothing to refund', () => {
    const free: OrderEvent = { type: 'OrderPlaced', data: { ...order1, expected: { ...order1.expected, amountMinor: 0 } } };
    given(free, observed(paid(0)), decision('MembershipGranted', 1))
      .when(observe(refund(0)))
      .adds('PaymentObserved');
  });
});

describe('the money decides, not the word', () => {
  test('a part that is lost in a dispute is judged as a part that is refunded', () => {
    const part = observe(dispute('lost', { amountMinor: 50 }));
    given(...granted)
      .when(part)
      .adds('PaymentObserved');
    given(...granted)
      .when(part, { partialRefund: 'revoke' })
      .adds('PaymentObserved', 'MembershipRevoked');
  });
  test('an open dispute over a part suspends only where losing it would end access', () => {
    const part = observe(dispute('open', { amountMinor: 50 }));
    given(...granted)
      .when(part)
      .adds('PaymentObserved');
    given(...granted)
      .when(part, { partialRefund: 'revoke' })
      .adds('PaymentObserved', 'MembershipSuspended');
    given(...granted, observed(refund(950)))
      .when(part)
      .adds('PaymentObserved', 'MembershipSuspended');
  });
  test('a part that is refunded and the rest that is lost are the whole', () => {
    given(...granted, observed(refund(400)))
      .when(observe(dispute('lost', { amountMinor: 600 })))
      .adds('PaymentObserved', 'MembershipRevoked');
    given(...granted, observed(refund(400)))
      .when(observe(dispute('lost', { amountMinor: 600 })), { fullRefund: 'keep', lostDispute: 'keep' })
      .adds('PaymentObserved');
  });
  test('refunds of more than was received revoke nothing: a person is asked, once', () => {
    const exceeding = [...granted, observed(refund(400))];
    given(...exceeding)
      .when(observe(refund(700, 'succeeded', 're_2')))
      .adds('PaymentObserved', review('refunds_exceed'));
    given(...exceeding, observed(refund(700, 'succeeded', 're_2')), review('refunds_exceed'))
      .when(observe(refund(1_000, 'succeeded', 're_3')))
      .adds('PaymentObserved');
  });
  test('under the first rules nobody is asked: it ends access', () => {
    const order = [...granted, observed(refund(400))].reduce((to, event) => evolve(to, event), initialState('order-1'));
    const decided = decide(order, observe(refund(700, 'succeeded', 're_2')), withDefaults({ rules: 1 }));
    expect(decided.map(({ type }) => type)).toEqual(['PaymentObserved', 'MembershipRevoked']);
  });
  test('a part was captured and accepted by a person, the rest was released, and a part of it refunded: it stays active', () => {
    const accepted = [
      placed,
      observed(paid(600)),
      review('amount'),
      { type: 'ReviewResolved', data: { reviewId: 'r1', resolution: 'grant', seenRevision: 2, by: support } } as const,
      decision('MembershipGranted', 1),
    ];
    given(...accepted)
      .when(observe(refund(200)))
      .adds('PaymentObserved');
  });
  test('won, and lost again with equally many movements, is lost until money moves', () => {
    const won = [...granted, observed(dispute('won', { movements: 2 }))];
    given(...won)
      .when(observe(dispute('lost', { movements: 2 })))
      .adds('PaymentObserved', 'MembershipRevoked');
    given(...won, observed(dispute('lost', { movements: 2 })), decision('MembershipRevoked', 2))
      .when(observe(dispute('won', { movements: 3 })))
      .adds('PaymentObserved', 'MembershipRestored');
  });
});

describe('disputes', () => {
  const effects = { inquiry: [], open: ['MembershipSuspended'], prevented: [], lost: ['MembershipRevoked'], won: [] } as const;
  test.each(['inquiry', 'open', 'prevented', 'lost', 'won'] as const)('%s', (status) => {
    given(...granted)
      .when(observe(dispute(status)))
      .adds('PaymentObserved', ...effects[status]);
  });
  test('lost is not final: won on appeal restores', () => {
    given(...granted, observed(dispute('lost')), decision('MembershipRevoked', 2))
      .when(observe(dispute('won', { movements: 2 })))
      .adds('PaymentObserved', 'MembershipRestored');
  });
  test('what moved more often is newer: open after won suspends again', () => {
    given(...suspended, observed(dispute('won')), decision('MembershipRestored', 3))
      .when(observe(dispute('open', { movements: 3 })))
      .adds('PaymentObserved', 'MembershipSuspended');
  });
  test('what moved less often is older, and changes nothing', () => {
    given(...granted, observed(dispute('won', { movements: 2 })))
      .when(observe(dispute('lost', { movements: 1 })))
      .adds('PaymentObserved');
  });
  test('with several at once, all must be over', () => {
    const both = [...suspended, observed(dispute('lost', { id: 'dp_2' })), decision('MembershipRevoked', 3)];
    given(...both)
      .when(observe(dispute('won')))
      .adds('PaymentObserved');
    given(...both, observed(dispute('won')))
      .when(observe(dispute('won', { id: 'dp_2', movements: 2 })))
      .adds('PaymentObserved', 'MembershipRestored');
    given(...both)
      .when(observe(dispute('won', { id: 'dp_2', movements: 2 })))
      .adds('PaymentObserved', 'MembershipSuspended');
  });
  test('a returned debit ends access, whatever other disputes do, and a reinstated one gives it back', () => {
    given(...granted)
      .when(observe(dispute('lost', { returnedDebit: true })), { lostDispute: 'keep', openDispute: 'keep' })
      .adds('PaymentObserved', 'MembershipRevoked');
    given(...granted, observed(dispute('lost', { returnedDebit: true })), decision('MembershipRevoked', 2))
      .when(observe(dispute('won', { returnedDebit: true, movements: 2 })))
      .adds('PaymentObserved', 'MembershipRestored');
  });
  test('a refund outweighs a dispute that only suspends', () => {
    given(...suspended)
      .when(observe(refund(1_000)))
      .adds('PaymentObserved', 'MembershipRevoked');
  });
});

describe('law 5: corroboration is kept, noise is not', () => {
  test('the same fact from the same source adds nothing, whenever and by whatever event it was said', () => {
    const again = { ...paymentObserved(paid(), { asOf: at(30) }), evidence: { objectId: 'pi_1', eventId: 'evt_2' }, observedAt: at(99) };
    given(...granted)
      .when({ type: 'observe', observed: again })
      .addsNothing();
  });
  test.each(['poll', 'status_query', 'manual'] as const)('from the %s it is kept', (source) => {
    given(...granted)
      .when(observe(paid(), { source }))
      .adds({ type: 'PaymentObserved', data: paymentObserved(paid(), { source }) });
  });
});

describe('law 6: undone stays undone', () => {
  test('a payment replayed after its refund re-grants nothing, by whichever source', () => {
    given(...revoked)
      .when(observe(paid(), { asOf: at(99) }))
      .addsNothing();
    given(...revoked)
      .when(observe(paid(), { asOf: at(99), source: 'poll' }))
      .adds('PaymentObserved');
  });
  test('a new good payment restores, is based on itself, and opens paid_again', () => {
    given(...revoked)
      .when(observe(paid(), { of: pi2, asOf: at(40) }))
      .adds('PaymentObserved', review('paid_again', 'r1', pi2), decision('MembershipRestored', 3, { payment: pi2, paidAt: at(40) }));
  });
  test('a new payment that mismatches restores nothing', () => {
    given(...revoked)
      .when(observe(paid(900), { of: pi2 }))
      .adds('PaymentObserved', review('amount', 'r1', pi2));
  });
  test('paidAgain: review waits for the person, who may say yes', () => {
    const paidAgain = [...revoked, observed(paid(), { of: pi2 }), review('paid_again', 'r1', pi2)];
    given(...paidAgain)
      .when(resolve('grant', 6), { paidAgain: 'review' })
      .adds('ReviewResolved', 'MembershipRestored');
    given(...paidAgain)
      .when(resolve('dismiss', 6), { paidAgain: 'review' })
      .adds('ReviewResolved');
    given(...paidAgain)
      .when(observe(paid(), { of: pi2, source: 'poll' }), { paidAgain: 'review' })
      .adds('PaymentObserved');
  });
});
