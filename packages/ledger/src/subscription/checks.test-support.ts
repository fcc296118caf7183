// What is asked after each append: that the shop's row says what the law says, and that nothing is decided twice.
import type { SubscriptionDecision } from './events.ts';
import { type Judged, type Ruling, type Told, theLaw } from './law.test-support.ts';
import type { SubscriptionPolicy } from './policy.ts';
import { placed, type Row } from './subject.test-support.ts';

/** What the proof asks, in the words of its failures. */
const laws = [
  'S1 in any order the same',
  'S2 after every append, by what is recorded and what was told',
  'S2 after every append, by what is recorded',
  'S2 after the last look, by all that was told',
  'S2 of three replicas with stale states',
  'S4 one grant',
  'S4 an invoice extends once',
  'S4 each of k renewals extends once',
  'S11 no end without a look or news',
  'S11 a look decides by the policy in force',
  'S12 the last word of a person',
  'S12 the last word of a person, at the next look',
  'S14 one sequence',
  'asked again it decides nothing',
  'one decision an append',
  'replay gives the same',
  'the auditor: nobody is out who paid',
  'the auditor: what was paid is promised',
  'the auditor: the plan is one that was paid',
  'the auditor: nobody is in beyond what was paid and the graces',
  'the auditor: money given back ends at once',
  'the auditor: a look ends what is over',
] as const;
export type Law = (typeof laws)[number];

export class Broken extends Error {
  readonly law: Law;
  constructor(law: Law, message: string) {
    super(message);
    this.law = law;
  }
}

/** What a play met, by its name: a property that never meets a state proves nothing about it. */
export type Met = Map<string, number>;

export function count(met: Met, what: string): void {
  met.set(what, (met.get(what) ?? 0) + 1);
}

export function lawOf(told: readonly Told[], policy: SubscriptionPolicy, rulings: Readonly<Record<string, Ruling>> = {}): Judged {
  return theLaw({ told, policy, rulings, plan: placed.plan, currency: 'usd' });
}

export function wordOf({ type, data }: SubscriptionDecision): string {
  return 'change' in data ? data.change : type;
}

const statusOf = { full: 'active', suspended: 'suspended', over: 'over' } as const;

/** The shop's row says what the law says. What was never granted stays so until access is full. */
export function matches(law: Law, row: Row, judged: Judged): void {
  const status = row.status === 'none' && judged.access !== 'full' ? 'none' : statusOf[judged.access];
  const { plan, quantity, paidThrough, validUntil } = judged;
  const expected =
    status === 'none' || status === 'over'
      ? { status }
      : { status, plan, quantity, paidThrough, ...(status === 'active' && { validUntil }) };
  const { data } = row;
  const actual =
    row.status === 'none' || row.status === 'over'
      ? { status: row.status }
      : {
          status: row.status,
          plan: data?.plan,
          quantity: data?.quantity,
          paidThrough: data?.paidThrough,
          ...(row.status === 'active' && { validUntil: data?.validUntil }),
        };
  const [is, shouldBe] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== shouldBe) throw new Broken(law, `is        ${is}\nshould be ${shouldBe}`);
}

/** S4. */
export function isOnce(decisions: readonly SubscriptionDecision[]): void {
  const granted = decisions.filter(({ type }) => type === 'SubscriptionGranted').length;
  if (granted > 1) throw new Broken('S4 one grant', eventsText(decisions));
  const named = decisions.flatMap(({ type, data }) =>
    type === 'SubscriptionGranted' || type === 'SubscriptionExtended' ? [data.invoice] : [],
  );
  if (new Set(named).size < named.length || named.includes(undefined))
    throw new Broken('S4 an invoice extends once', eventsText(decisions));
  if (decisions.some(({ data }, index) => data.sequence !== index + 1)) throw new Broken('S14 one sequence', eventsText(decisions));
}

export function textOf({ status, data }: Row): string {
  if (status === 'none' || status === 'over') return status;
  return `${status} ${data?.plan} ${data?.quantity} ${data?.paidThrough} ${status === 'active' ? data?.validUntil : ''}`;
}

export function eventsText(events: readonly object[]): string {
  return events.map((event) => JSON.stringify(event)).join('\n');
}
