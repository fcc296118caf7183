// The checks after faults have stopped and all work has ended: every fact has reached its order, every order agrees with the
// provider's final state, and so does the shop.

import { everOwned, namesOf, observedFactName } from './audited-log.ts';
import { isPaidAgain } from './audited-payments.ts';
import { type ExpectedPayment, expectedStatus, isPaidInVain, mismatchesOf } from './expected-access.ts';
import { nameOf } from './fact-text.ts';
import { expectedPayment } from './provider.ts';
import type { Stage } from './stage.ts';

/**
 * Checks law 7 without new observations: what was held has reached its owner. If it was held under only some of its
 * references, it was never acknowledged (its process crashed between two of them): then a link of those references is enough.
 */
export function auditHeld({ world, auditor }: Stage): void {
  for (const [id, { held }] of auditor.log.references) {
    for (const observed of held) {
      const name = observedFactName(observed);
      const names = namesOf(observed);
      const acknowledged = names.every((each) => auditor.log.reference(each).held.some((other) => observedFactName(other) === name));
      if (!(acknowledged ? names : [id]).some((each) => auditor.log.reference(each).owner !== undefined)) continue;
      const { owner } = auditor.log.reference(names[0]);
      if (owner === undefined || !auditor.log.order(owner).observed.has(name)) {
        world.report('law 7: what was held reaches the owner', `${name}, held under ${id}, is missing in ${owner ?? 'any order'}`);
      }
    }
  }
}

/** Checks law 3 without new observations: a payment that was moved has reached its new owner, with all its observations. */
export function auditMoved({ world, auditor }: Stage): void {
  for (const { orderId, moved, observed } of auditor.log.orders.values()) {
    for (const [paymentId, { toOrderId }] of moved) {
      const reference = auditor.log.reference(paymentId);
      if (!everOwned(reference, toOrderId))
        world.report('law 3: a move is finished', `${paymentId} was moved from ${orderId} to ${toOrderId}, and not linked`);
      const owner = auditor.log.order(reference.owner ?? '');
      for (const [name, of] of observed) {
        if (of === paymentId && !owner.observed.has(name)) world.report('law 3: a move is finished', `${name} stayed in ${orderId}`);
      }
    }
  }
}

/** Returns the orders whose newest decision is not at the shop. */
export function undelivered({ auditor, shop }: Stage): readonly string[] {
  return [...auditor.log.orders.values()].flatMap(({ orderId, decisions, settled, status }) => {
    const row = shop.memberships.get(orderId);
    const sequence = decisions.length;
    if (sequence === 0) return row ? [`${orderId}: the shop has ${row.status}, nothing was decided`] : [];
    if (settled === sequence && row?.sequence === sequence && row.status === status) return [];
    return [
      `${orderId}: decided ${sequence} (${status}), delivered ${settled}, the shop has ${row ? `${row.sequence} (${row.status})` : 'nothing'}`,
    ];
  });
}

/** Checks law 4 against the provider's final state, after each object was reported once more. */
export function auditFinalState(parts: Stage): void {
  auditOwners(parts);
  const { world, provider, auditor } = parts;
  for (const payment of provider.payments) {
    const name = nameOf(payment.reference);
    const { owner } = auditor.log.reference(name);
    if (owner === undefined) continue;
    const known = auditor.log.order(owner).facts.get(name)?.known;
    const missing = known ? known.missing(payment) : [...payment.registers.keys()];
    if (missing.length > 0) world.report('what was said is recorded', `${name} in ${owner} does not know ${missing.join('; ')}`);
  }
  for (const order of auditor.log.orders.values()) {
    const payments = provider.payments
      .filter(({ reference }) => auditor.log.reference(nameOf(reference)).owner === order.orderId)
      .map(({ reference, registers }) => ({
        ...expectedPayment(
          reference,
          [...registers.values()].map(({ fact }) => fact),
          order.rulings.get(nameOf(reference)),
        ),
        paidAgain: isPaidAgain(order, nameOf(reference)),
      }));
    const expected = order.policy ? expectedStatus(order.placed, payments, order.policy, order.decisions.length > 0) : 'none';
    if (order.status !== expected) {
      world.report('law 4: access follows the final state', `order ${order.orderId} is ${order.status}, the provider makes it ${expected}`);
    }
    auditReviews(parts, order.orderId, payments);
  }
}

/** Checks that there is a review for each payment that does not fit its order. */
function auditReviews({ world, auditor }: Stage, orderId: string, payments: readonly ExpectedPayment[]): void {
  const { placed, reviews, policy } = auditor.log.order(orderId);
  if (!placed || !policy) return;
  for (const payment of payments) {
    const inVain = isPaidInVain(placed, payment, policy) ? ['withdrawn'] : [];
    for (const kind of [...mismatchesOf(placed, payment), ...inVain]) {
      const opened = [...reviews.values()].some((review) => review.kind === kind && review.paymentId === nameOf(payment.reference));
      if (!opened) world.report('law 4: a mismatch opens a review', `${payment.reference.id} in ${orderId}: ${kind}`);
    }
  }
}

/** Checks law 3: a reference belongs to one of the orders that acknowledged calls named, and to no other. */
function auditOwners({ world, auditor, acknowledgements }: Stage): void {
  const { named, together, misnamed } = acknowledgements;
  const ids = new Set([...named.keys(), ...together.flat(), ...auditor.log.references.keys()]);
  for (const id of ids) {
    const family = familyOf(id, together);
    const orders = new Set([...family].flatMap((each) => [...(named.get(each) ?? [])]));
    const { owner } = auditor.log.reference(id);
    if (orders.size > 0 && owner === undefined)
      world.report('law 3: who was named owns', `${id} is linked to nobody, named were ${[...orders].join()}`);
    const nobodyErrs = world.options.sources.misnamed === 0 && world.options.moves === 0; // Otherwise a call without an answer may have linked it.
    if (nobodyErrs && orders.size === 1 && owner !== undefined && !orders.has(owner)) {
      world.report('law 3: who was named owns', `${id} is linked to ${owner}, named was only ${[...orders].join()}`);
    }
  }
  for (const { paymentId, owner } of misnamed) {
    const opened = [...auditor.log.order(owner).reviews.values()].some(
      (review) => review.kind === 'claimed_by_two' && review.paymentId === paymentId,
    );
    if (!opened) world.report('law 3: a contradiction is reviewed', `${paymentId} in ${owner} was named for another order`);
  }
}

/** Returns all references that observations named together with this one, directly or through others. */
function familyOf(id: string, together: readonly (readonly string[])[]): ReadonlySet<string> {
  const family = new Set([id]);
  for (let size = 0; size !== family.size; ) {
    size = family.size;
    for (const group of together) if (group.some((each) => family.has(each))) for (const each of group) family.add(each);
  }
  return family;
}
