// The auditor's rules for the events of an order: placed, attached, observed, decided, reviewed.
import type { Fact, PaymentReference } from '../../observation.ts';
import type { MembershipStatus } from '../../order/order.ts';
import type { AuditContext } from './audit-context.ts';
import {
  type AuditedDecision,
  type AuditedEvent,
  type AuditedOrder,
  everOwned,
  namesOf,
  type ObservedFact,
  observedFactName,
} from './audited-log.ts';
import type { Coverage } from './coverage.ts';
import type { KnownOrder } from './expected-access.ts';
import { nameOf, textOf } from './fact-text.ts';
import { KnownFacts } from './provider.ts';
import { reviewOpened, reviewResolved } from './review-auditor.ts';

interface DecisionRule extends Pick<AuditedDecision, 'change'> {
  readonly from: readonly MembershipStatus[];
  readonly to: AuditedDecision['status'];
}

const decisions: ReadonlyMap<string, DecisionRule> = new Map<string, DecisionRule>([
  ['MembershipGranted', { from: ['none'], to: 'active', change: 'granted' }],
  ['MembershipSuspended', { from: ['active', 'revoked'], to: 'suspended', change: 'suspended' }],
  ['MembershipRestored', { from: ['suspended', 'revoked'], to: 'active', change: 'restored' }],
  ['MembershipRevoked', { from: ['active', 'suspended'], to: 'revoked', change: 'revoked' }],
]);
/** The events after which the access of an order is judged anew. */
const judging: ReadonlySet<string> = new Set([
  'OrderPlaced',
  'PaymentObserved',
  'PaymentMoved',
  'OrderWithdrawn',
  'ReviewResolved',
  'ShopAhead',
]);
export function auditOrderEvent(order: AuditedOrder, event: AuditedEvent, context: AuditContext): void {
  judge(order, event, context);
  const rule = decisions.get(event.type);
  if (rule) decided(order, event, rule, context);
  else if (event.type === 'OrderPlaced') placed(order, event, context);
  else if (event.type === 'CheckoutAttached') attached(order, event, context);
  else if (event.type === 'PaymentObserved') observed(order, event, context);
  else if (event.type === 'PaymentMoved') moved(order, event, context);
  else if (event.type === 'OrderWithdrawn') withdrawn(order, event, context);
  else if (event.type === 'ShopAhead') shopAhead(order, event, context);
  else if (event.type === 'ReviewOpened') reviewOpened(order, event, context);
  else if (event.type === 'ReviewResolved') reviewResolved(order, event, context);
  else context.broken('known events', `${event.place} is no event of the design`);
}

/** Notes under which policy access is judged: a confirmation of what is known judges nothing anew. */
function judge(order: AuditedOrder, { type, data }: AuditedEvent, { policy, world }: AuditContext): void {
  if (!judging.has(type)) return;
  if (type === 'PaymentObserved') {
    const { payment, fact } = data as unknown as ObservedFact;
    const said = `${nameOf(payment)} ${textOf(fact)}`;
    if (order.said.has(said)) return;
    order.said.add(said);
  }
  if (order.policy && policy && textOf(order.policy) !== textOf(policy)) world.coverage.met('judged anew under another policy');
  order.policy = policy;
}

function placed(order: AuditedOrder, { data, place }: AuditedEvent, { broken, world }: AuditContext): void {
  if (order.placed) broken('an order is placed once', place);
  const { expected, ...rest } = data as { expected: Pick<KnownOrder, 'amountMinor' | 'currency' | 'allow'> };
  order.placed = { ...(rest as unknown as NonNullable<AuditedOrder['placed']>), ...expected };
  if (order.observed.size > 0) world.coverage.met('observed before its order was placed');
}

function withdrawn(order: AuditedOrder, { place, revision }: AuditedEvent, { broken }: AuditContext): void {
  if (!order.placed || order.placed.withdrawn) broken('an order is withdrawn once', place);
  if (order.decisions.length > 0) broken('an order is withdrawn until it is granted', `${place} follows ${order.status}`);
  if (order.placed) order.placed = { ...order.placed, withdrawn: true };
  order.changedAtRevision = revision;
  order.newsAtRevision = revision;
}

function attached(order: AuditedOrder, { data, place }: AuditedEvent, { broken, log }: AuditContext): void {
  const id = nameOf(data['payment'] as PaymentReference);
  const reference = log.reference(id);
  if (!order.placed) broken('attached to a placed order', place);
  // If the payment was moved later, it was still linked at that time.
  if (!everOwned(reference, order.orderId)) broken('law 3: link before use', `${place}: ${id} belongs to ${reference.owner ?? 'nobody'}`);
  if (order.attached.has(id)) broken('law 5: noise is not kept', `${place} attaches ${id} again`);
  order.attached.add(id);
}

function observed(order: AuditedOrder, { data, place, revision }: AuditedEvent, { broken, log, provider, world }: AuditContext): void {
  const observed = data as unknown as ObservedFact;
  const { payment, fact } = observed;
  const [paymentId, ...aliases] = namesOf(observed);
  const { owner } = log.reference(paymentId);
  if (owner !== order.orderId)
    broken('law 3: recorded in the owner of the payment', `${place}: ${nameOf(payment)} belongs to ${owner ?? 'nobody'}`);
  const unlinked = aliases.find((alias) => log.reference(alias).owner === undefined);
  if (unlinked !== undefined) broken('law 3: link before use', `${place}: ${unlinked} is not linked`);
  const name = observedFactName(observed);
  if (order.observed.has(name)) broken('law 5: noise is not kept', `${place} records ${name} again`);
  if (order.moved.has(paymentId))
    broken('law 3: what was moved stays away', `${place}: ${nameOf(payment)} was moved from ${order.orderId}`);
  order.observed.set(name, paymentId);
  order.changedAtRevision = revision;
  const facts = order.facts.get(paymentId) ?? { reference: payment, known: new KnownFacts(provider) };
  order.facts.set(paymentId, facts);
  if (isNews(facts.known, fact)) order.newsAtRevision = revision;
  meet(world.coverage, facts.known, fact);
  if (!facts.known.add(payment, fact)) broken('only what was said is recorded', `${place}: ${name} is true nowhere`);
}

/** Checks the event that commits a move. The link and the observations follow it. */
function moved(order: AuditedOrder, { data, place, revision }: AuditedEvent, { broken, log, world }: AuditContext): void {
  const { payment, toOrderId, linkRevision } = data as { payment: PaymentReference; toOrderId: string; linkRevision: number };
  const paymentId = nameOf(payment);
  const reference = log.reference(paymentId);
  const last = reference.links.at(-1);
  if (last?.orderId !== order.orderId || last.revision !== linkRevision || order.moved.has(paymentId)) {
    broken('law 3: only its owner gives a payment away', `${place}: ${nameOf(payment)} belongs to ${reference.owner ?? 'nobody'}`);
  }
  if (everOwned(reference, toOrderId)) broken('law 3: a payment never comes back', `${place}: ${nameOf(payment)} to ${toOrderId}`);
  const isGranting = order.decisions.some(
    (decision) => decision.paymentId === paymentId && (decision.change === 'granted' || decision.change === 'restored'),
  );
  if (order.facts.get(paymentId)?.known.has((fact) => fact.kind === 'dispute' && fact.status === 'open'))
    world.coverage.met('moved under dispute');
  if (isGranting) broken('law 3: a payment that access was given on stays', `${place}: ${nameOf(payment)}`);
  order.moved.set(paymentId, { toOrderId, linkRevision });
  order.facts.delete(paymentId);
  order.rulings.delete(paymentId);
  for (const [id, review] of order.reviews) if (review.paymentId === paymentId) order.reviews.set(id, { ...review, resolved: true });
  order.changedAtRevision = revision;
  order.newsAtRevision = revision;
  world.coverage.met('moved');
}

/** Law 9: a sequence jumps only where the shop has it, which only a log that was put back can bring about. */
function shopAhead(order: AuditedOrder, { data, place, revision }: AuditedEvent, { broken, world }: AuditContext): void {
  const sequence = Number(data['sequence']);
  const newest = order.decisions.length;
  if (newest === 0 || sequence < newest) broken('the shop is ahead of a decision', `${place}: ${sequence}, decided ${newest}`);
  if (world.options.putBack === undefined) broken('the shop is ahead only after a restore', place);
  const lost = { paymentId: '', status: 'revoked', change: 'revoked', revision, deliverers: new Set<never>() } as const;
  while (order.decisions.length < sequence) order.decisions.push(lost);
  order.settled = sequence;
  order.raised = true;
  world.coverage.met('shop ahead');
}

/** True if nobody can rule without it: the payment is paid, or the first is known of money that goes back. */
function isNews(known: KnownFacts, fact: Fact): boolean {
  if (fact.kind === 'attempt') return fact.status === 'paid' && !known.has((each) => each.kind === 'attempt' && each.status === 'paid');
  return !known.has((each) => each.kind === fact.kind && each.id === fact.id);
}

function meet(coverage: Coverage, known: KnownFacts, fact: Fact): void {
  if (fact.kind === 'attempt') {
    const failedBefore = known.has((each) => each.kind === 'attempt' && each.status === 'attempt_failed');
    if (fact.status === 'paid' && failedBefore) coverage.met('attempt failed before it was paid');
  } else if (fact.kind === 'refund') {
    if (fact.status === 'succeeded') coverage.met('refund succeeded');
    const succeededBefore = known.has((each) => each.kind === 'refund' && each.id === fact.id && each.status === 'succeeded');
    if (fact.status === 'failed' && succeededBefore) coverage.met('refund failed late');
  } else if (fact.returnedDebit) coverage.met('debit returned');
  else if (fact.status === 'lost') coverage.met('dispute lost');
  else if (fact.status === 'won') coverage.met('dispute won');
}

function decided(order: AuditedOrder, event: AuditedEvent, { from, to, change }: DecisionRule, { broken, by, world }: AuditContext): void {
  const { data, place, type, revision, metadata } = event;
  if (type === 'MembershipGranted' && order.decisions.length > 0) broken('law 2: once per order', `${place} is a second grant`);
  if (!from.includes(order.status) && !order.raised) broken('decisions follow each other', `${place} follows ${order.status}`);
  if (data['sequence'] !== order.decisions.length + 1) {
    broken('sequences are contiguous', `${place} has sequence ${data['sequence']} after ${order.decisions.length}`);
  }
  const { membershipId, memberId, plan } = data;
  if (membershipId !== order.orderId || memberId !== order.placed?.memberId || plan !== order.placed?.plan) {
    broken('a decision is about its order', `${place}: ${textOf(data)}`);
  }
  const { nowMs } = world.scheduler;
  order.status = to;
  order.raised = false;
  const paymentId = nameOf(data['payment'] as PaymentReference);
  const isImported = change === 'granted' && (metadata['cause'] ?? '').startsWith('import '); // The shop has it: nobody delivers it.
  order.decisions.push({ paymentId, status: to, change, revision, deliverers: new Set(isImported ? [] : [by]) });
  order.changedAtRevision = revision;
  order.newsAtRevision = revision;
  order.abandoned = false;
  order.delivery = { owner: metadata['instance'] ?? '', atMs: nowMs, waitMs: 0, underWay: true, failures: 0, sinceMs: nowMs };
}
