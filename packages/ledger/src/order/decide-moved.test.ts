// A person moves a payment to another order: which payments go, which stay, and what is left of them here.
import { describe, expect, test } from 'vitest';
import { given } from '../testing/given-when-then.ts';
import { decide, isStaleFor, type OrderCommand } from './decide.ts';
import type { OrderEvent } from './events.ts';
import {
  at,
  attempt,
  decision,
  dispute,
  granted,
  observe,
  observed,
  paid,
  payment,
  pi1,
  pi2,
  placed,
  refund,
  review,
  support,
  withdraw,
  withdrawn,
} from './example-order.test-support.ts';
import { evolve, initialState, type OrderState } from './order.ts';
import { defaultPolicy, type Policy, withDefaults } from './policy.ts';

type Move = Extract<OrderCommand, { type: 'move' }>;
const moveOf = (of = pi1): Move => ({ type: 'move', payment: of, toOrderId: 'order-2', linkRevision: 0, by: support, at: at(9) });
const movedEvent = (of = pi1): OrderEvent => ({
  type: 'PaymentMoved',
  data: { payment: of, toOrderId: 'order-2', linkRevision: 0, by: support },
});
const fold = (events: readonly OrderEvent[]): OrderState => events.reduce((order, event) => evolve(order, event), initialState('order-1'));
const firstRules = withDefaults({ rules: 1 });

function added(events: readonly OrderEvent[], command: OrderCommand, policy: Policy = firstRules): readonly string[] {
  return decide(fold(events), command, policy).map(({ type }) => type);
}

describe('a payment that goes', () => {
  test('gave no access under the policy that judged it, also where another policy would have given it', () => {
    // Decided under `openDispute: 'suspend'`: it was disputed before the order was placed, and never granted.
    given(observed(paid()), observed(dispute('open')), placed)
      .when(moveOf(), { openDispute: 'keep' })
      .adds(movedEvent());
  });

  test('is one beside which another gave access', () => {
    given(...granted, observed(attempt('processing'), { of: pi2 }))
      .when(moveOf(pi2))
      .adds(movedEvent(pi2));
  });

  test('is the earlier one, where it pauses the order no less than the one that gave access', () => {
    const both = [
      ...granted,
      observed(dispute('open')),
      decision('MembershipSuspended', 2),
      observed(dispute('open', { id: 'dp_2' }), { of: pi2 }),
      observed(paid(), { of: pi2, asOf: at(0) }),
    ];
    given(...both)
      .when(moveOf(pi2))
      .adds(movedEvent(pi2));
  });

  test('under the first rules is a mere id, of which nothing was reported', () => {
    expect(added([placed], moveOf())).toEqual(['PaymentMoved']);
    given(placed).when(moveOf()).addsNothing();
  });
});

describe('a payment that stays', () => {
  test('is one that gave access, whichever policy is asked, also once the membership has ended', () => {
    const revoked = [...granted, observed(refund(1_000)), decision('MembershipRevoked', 2)];
    for (const events of [granted, revoked]) {
      given(...events)
        .when(moveOf())
        .addsNothing();
      given(...events)
        .when(moveOf(), { openDispute: 'keep' })
        .addsNothing();
      expect(added(events, moveOf())).toEqual([]);
    }
  });

  test('is the earlier of two, on which access rests since it came, though the other one gave it', () => {
    given(...granted, observed(paid(), { of: pi2, asOf: at(0) }), review('overpaid', 'r1', pi2))
      .when(moveOf(pi2))
      .addsNothing();
  });

  test('under the first rules is one that counts, also where it gave no access', () => {
    expect(added([observed(paid()), observed(dispute('open')), placed], moveOf())).toEqual([]);
    expect(added([placed, observed(paid(900))], moveOf())).toEqual(['PaymentMoved']);
  });

  test('is one that was moved before', () => {
    const moved = [placed, observed(paid(900)), movedEvent()];
    given(...moved)
      .when(moveOf())
      .addsNothing();
    expect(added(moved, moveOf())).toEqual([]);
  });
});

test('what is reported of a payment after its move adds nothing here: its new order is asked', () => {
  given(placed, observed(paid(900)), movedEvent())
    .when(observe(paid()))
    .addsNothing();
  given(placed, observed(paid(900)), movedEvent())
    .when(observe(paid(900), { of: payment('pi_1', { livemode: false }) }))
    .addsNothing();
});

describe('who asks for what was done before is not stale, whatever came since', () => {
  const byHand = observe(paid(), { of: pi2, source: 'manual' });
  // biome-ignore format: a table
  const cases: readonly (readonly [string, readonly OrderEvent[], OrderCommand, boolean])[] = [
    ['withdraws a withdrawn order', [placed, withdrawn], withdraw, false],
    ['withdraws an order on which something came', [placed, observed(attempt('expired'))], withdraw, true],
    ['moves a payment that was moved', [placed, observed(paid(900)), movedEvent()], moveOf(), false],
    ['moves another payment than the one that was moved', [placed, observed(paid(900), { of: pi2 }), movedEvent(pi2)], moveOf(), true],
    ['tells what he has told', [placed, observed(paid(), { of: pi2, source: 'manual' })], byHand, false],
    ['tells what another source has told', [placed, observed(paid(), { of: pi2 })], byHand, true],
    ['tells what is news', [placed, observed(paid())], byHand, true],
    ['tells of a payment that was moved', [placed, observed(paid(900), { of: pi2 }), movedEvent(pi2)], byHand, false],
  ];
  test.each(cases)('%s', (_, events, command, stale) => {
    expect(isStaleFor(fold(events), { ...command, seenRevision: 0 } as Parameters<typeof isStaleFor>[1])).toBe(stale);
    expect(isStaleFor(fold(events), command as Parameters<typeof isStaleFor>[1])).toBe(false);
  });
});

describe('a state that no log leads to', () => {
  test.each(['decided', 'payment', 'paidAt'])('decides nothing on no payment: it has no %s', (missing) => {
    const { decided, ...undecided } = fold(granted);
    const partly = { ...decided, [missing]: undefined };
    const order = { ...undecided, payments: {}, ...(missing === 'decided' ? {} : { decided: partly }) } as OrderState;
    expect(() => decide(order, observe(refund(1_000)), defaultPolicy)).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });
});
