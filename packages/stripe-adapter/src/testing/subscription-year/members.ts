// The members of a simulated club, as Stripe has them: who renews, who pays late, who leaves and who stops paying. Pure.
import type { SubscriptionStatement } from '@paidonce/ledger/adapter';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
export const periodMs: number = 30 * dayMs;
/** A draft waits for an hour before it is charged. */
const chargedAfterMs = hourMs;
const paidLateMs = 9 * dayMs;
const givenUpMs = 15 * dayMs;
const graceMs = 3 * dayMs;
export const price = 'price_club';

/** Of a thousand, by their number. `late`: declined once, and paid nine days later. `broke`: declined for good. `paused`: his invoices are void. */
type Manner = 'renews' | 'leaves' | 'late' | 'broke' | 'paused';

export interface Member {
  readonly number: number;
  readonly subscriptionId: string;
  readonly joinedMs: number;
  readonly manner: Manner;
  /** The period in which he does it, from 1 on. */
  readonly at: number;
}

/** Something that happens at Stripe, and the event that tells it. */
export interface Happening {
  readonly member: Member;
  readonly atMs: number;
  readonly statement: SubscriptionStatement;
  /** Of an invoice: which period it pays for. */
  readonly period?: number;
}

export function membersOf(count: number, startMs: number): readonly Member[] {
  return Array.from({ length: count }, (_, number): Member => {
    return {
      number,
      subscriptionId: `club-${number}`,
      joinedMs: startMs + Math.floor((number * periodMs) / count),
      manner: mannerOf(number),
      at: 1 + (number % 11),
    };
  });
}

function mannerOf(number: number): Manner {
  if (number % 20 === 7) return 'leaves';
  if (number % 50 === 11) return 'broke';
  if (number % 50 === 31) return 'paused';
  return number % 33 === 5 ? 'late' : 'renews';
}

/** When a membership may end, of whoever stops to pay. */
export function endOf({ joinedMs, manner, at }: Member): number {
  const beginsMs = joinedMs + at * periodMs;
  return beginsMs + (manner === 'broke' ? givenUpMs : manner === 'paused' ? graceMs : 0);
}

/** Everything that happens to a member until `endMs`, in its order. */
export function lifeOf(member: Member, endMs: number): readonly Happening[] {
  const { joinedMs, manner, at } = member;
  const life: Happening[] = [lifecycle(member, joinedMs, 'active'), invoice(member, joinedMs, 0)];
  for (let period = 1; joinedMs + period * periodMs < endMs; period++) {
    const beginsMs = joinedMs + period * periodMs;
    if (period === at && manner === 'leaves') return [...life, lifecycle(member, beginsMs, 'canceled')];
    if (period === at && manner === 'paused') return life; // Its state stays active.
    const declined = period === at && (manner === 'late' || manner === 'broke');
    if (!declined) life.push(invoice(member, beginsMs + chargedAfterMs, period));
    else {
      life.push(lifecycle(member, beginsMs + chargedAfterMs, 'past_due'));
      if (manner === 'broke') return [...life, lifecycle(member, beginsMs + givenUpMs, 'canceled')];
      life.push(invoice(member, beginsMs + paidLateMs, period), lifecycle(member, beginsMs + paidLateMs, 'active'));
    }
  }
  return life;
}

function invoice(member: Member, atMs: number, period: number): Happening {
  const { number, joinedMs } = member;
  const id = `in_${number}x${period}`;
  const [from, to] = [iso(joinedMs + period * periodMs), iso(joinedMs + (period + 1) * periodMs)];
  const line = { id: `il_${number}x${period}`, price, product: 'prod_club', from, to, role: 'base' as const, quantity: 1, netMinor: 3_000 };
  const fact = {
    kind: 'invoice' as const,
    id,
    status: 'paid' as const,
    reason: period === 0 ? ('create' as const) : ('cycle' as const),
    currency: 'usd',
    totalMinor: 3_000,
    discountMinor: 0,
    taxMinor: 0,
    balanceMinor: 0,
    outsideMinor: 0,
    writtenOffMinor: 0,
    lines: [line],
  };
  return { member, atMs, period, statement: { fact, asOf: iso(atMs), occurredAt: iso(atMs), evidence: { objectId: id } } };
}

function lifecycle(member: Member, atMs: number, status: 'active' | 'past_due' | 'canceled'): Happening {
  const ended = status === 'canceled' ? { endedAt: iso(atMs) } : {};
  const fact = { kind: 'lifecycle' as const, status, customer: `cus_${member.number}`, items: [{ price, quantity: 1 }], ...ended };
  return { member, atMs, statement: { fact, asOf: iso(atMs), evidence: { objectId: referenceOf(member) } } };
}

export function referenceOf({ number }: Member): string {
  return `sub_${number}`;
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
