// The auditor's rules for deliveries to the shop: which process may deliver, from when, and what "delivered" means.

import type { AuditContext } from './audit-context.ts';
import type { AuditedEvent, AuditedOrder } from './audited-log.ts';

/** From the design: no process takes over before `waitMs` + 30 s, and none gives up before 72 hours. */
const patienceMs = 30_000;
const longestWaitMs = 3_600_000;
const horizonMs = 72 * 3_600_000;
/** The largest rounding error: half a millisecond for each of some hundred attempts. */
const roundingMs = 100;

const types: ReadonlySet<string> = new Set(['MembershipDelivered', 'DeliveryFailed', 'DeliveryTakenOver', 'DeliveryAbandoned']);

export function isDeliveryEvent({ type }: AuditedEvent): boolean {
  return types.has(type);
}

export function auditDelivery(order: AuditedOrder, event: AuditedEvent, context: AuditContext): void {
  const { type, data, place } = event;
  const { broken } = context;
  const newest = order.decisions.length;
  const sequence = Number(data['sequence']);
  if (!(sequence >= 1 && sequence <= newest)) broken('a delivery is of a decision', `${place}: ${sequence} of ${newest}`);
  else if (type === 'MembershipDelivered') delivered(order, sequence, event, context);
  else if (sequence < newest) broken('in flight is only the newest decision', `${place}: ${sequence} of ${newest}`);
  else if (type === 'DeliveryTakenOver') takenOver(order, event, context);
  else failed(order, event, context);
}

function delivered(order: AuditedOrder, sequence: number, { place, metadata }: AuditedEvent, context: AuditContext): void {
  const { broken, sequenceAtShop } = context;
  if ((metadata['cause'] ?? '').startsWith('import ')) imported(order, sequence, place, context);
  const atShop = sequenceAtShop(order.orderId);
  if (atShop < sequence) broken('delivered means that the shop has it', `${place}: the shop has ${atShop}, not ${sequence}`);
  order.settled = Math.max(order.settled, sequence);
}

/** An import settles the grant, which the shop has, and nothing that follows from it. */
function imported(order: AuditedOrder, sequence: number, place: string, { broken, onImported }: AuditContext): void {
  const decision = order.decisions[sequence - 1];
  if (decision?.change !== 'granted') broken('an import settles the grant alone', `${place} settles that it was ${decision?.change}`);
  if (!onImported(order.orderId, { sequence, status: 'active' })) broken('an import is of what the shop fulfilled', place);
}

function takenOver(order: AuditedOrder, { data, metadata, place }: AuditedEvent, { broken, by, world }: AuditContext): void {
  const { coverage, scheduler } = world;
  const { owner, atMs, waitMs, underWay, failures, sinceMs } = order.delivery;
  const instance = metadata['instance'] ?? '';
  const byPerson = data['by'] !== undefined;
  const renewed = owner === instance;
  if (byPerson) coverage.met('taken over by a person');
  else coverage.met(renewed ? 'renewed by its owner' : owner === '' ? 'taken over from nobody' : 'taken over from a process');
  const isOthers = !byPerson && !renewed && owner !== '';
  const hasFailed = isOthers && underWay;
  const earlyMs = Math.max(0, waitMs + patienceMs - (scheduler.nowMs - atMs));
  // A process without background work uses wall clocks, which may be wrong.
  if (isOthers && by.options.background && earlyMs > 0)
    broken('nobody takes over too early', `${place} by ${earlyMs} ms, with ${waitMs} ms to wait`);
  order.decisions.at(-1)!.deliverers.add(by);
  if (byPerson) order.abandoned = false;
  if (byPerson) order.settled = Math.min(order.settled, order.decisions.length - 1);
  order.delivery = {
    owner: instance,
    atMs: scheduler.nowMs,
    // An owner that stopped during an attempt counts as a failure, so the next one waits longer.
    waitMs: hasFailed ? Math.min(longestWaitMs, 1_000 * 2 ** failures) : 0,
    underWay: true,
    failures: byPerson ? 0 : failures + (hasFailed ? 1 : 0),
    sinceMs: byPerson ? scheduler.nowMs : sinceMs - (isOthers ? earlyMs : 0), // The time that the process believes to have waited.
  };
}

function failed(order: AuditedOrder, { type, data, metadata, place }: AuditedEvent, { broken, world }: AuditContext): void {
  const { coverage, scheduler } = world;
  const { owner, sinceMs } = order.delivery;
  if (owner !== metadata['instance']) broken('only its owner delivers', `${place} by ${metadata['instance']}, owned by ${owner}`);
  const triedMs = scheduler.nowMs - sinceMs;
  if (type === 'DeliveryFailed') {
    const spentMs = Number(data['spentMs']) - Number(data['waitMs']);
    if (spentMs > triedMs + roundingMs) broken('time is counted once', `${place}: ${spentMs} ms spent within ${triedMs} ms`);
    coverage.met(data['reason'] === 'timeout' ? 'delivery failed: timeout' : 'delivery failed: error');
    order.delivery = {
      ...order.delivery,
      atMs: scheduler.nowMs,
      waitMs: Number(data['waitMs']),
      underWay: false,
      failures: order.delivery.failures + 1,
    };
    return;
  }
  coverage.met('abandoned');
  if (triedMs < horizonMs) broken('nobody gives up too early', `${place} after ${triedMs} ms`);
  order.abandoned = true;
}
