// The decision where the shop is ahead of the log (law 9): the log was restored from a backup that is older than the shop.
import { type Access, entitled } from './access.ts';
import type { DecisionType, OrderEvent } from './events.ts';
import type { OrderState } from './order.ts';
import type { Policy } from './policy.ts';

/** What states an access to a shop that may have any other one. */
const restated: Readonly<Record<Access, DecisionType>> = {
  full: 'MembershipRestored',
  paused: 'MembershipSuspended',
  ended: 'MembershipRevoked',
};

/**
 * The shop refuses every sequence that it has, so the access of now is decided above it, also where it has not changed. Adds
 * nothing where the order is above the shop already, or where nothing was ever decided for it.
 * @param sequence what the shop has stored.
 */
export function decideShopAhead(before: OrderState, sequence: number, policy: Policy): readonly OrderEvent[] {
  if (before.decided === undefined || sequence < before.sequence) return [];
  const { type: _, ...last } = before.decided;
  const { access, payment } = entitled(before, policy);
  return [
    { type: 'ShopAhead', data: { sequence } },
    {
      type: restated[access],
      data: {
        ...last,
        sequence: sequence + 1,
        paidAt: payment?.paidAt ?? last.paidAt,
        payment: payment?.reference ?? last.payment,
      },
    },
  ];
}
