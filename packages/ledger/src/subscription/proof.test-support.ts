// The proof of the pure core: plays what sources tell about one subscription, and compares the decisions after every append with
// the law, with the auditor's money, and with what must never happen. Each seed is another play; the same seed is the same.
import { Random } from '../testing/simulation/random.ts';
import { audit, type Books, type Generosity } from './auditor.test-support.ts';
import type { SubscriptionDecision } from './events.ts';
import { theLaw, type Judged, type Told } from './law.test-support.ts';
import { anyLife, type Life } from './lives.test-support.ts';
import { anyNoise, anyPolicy } from './noise.test-support.ts';
import type { SubscriptionPolicy } from './policy.ts';
import { observedOf, placed, type Row, Subject } from './subject.test-support.ts';
import { dayOf, shuffled, type Telling } from './tellings.test-support.ts';

export class Broken extends Error {
  readonly law: string;
  constructor(law: string, message: string) {
    super(message);
    this.law = law;
  }
}

/** What a play met, by its name: a property that never meets a state proves nothing about it. */
export type Met = Map<string, number>;

export interface Play {
  readonly policy: SubscriptionPolicy;
  readonly tellings: readonly Telling[];
  /** After how many tellings it is placed. */
  readonly placedAfter: number;
  /** Of a life that is told in order: what the provider knew at each telling. */
  readonly booksAt?: readonly Books[];
  readonly story?: readonly string[];
}

/** The plays of a seed. Those of one group end in the same access. */
export function playsOf(seed: number): readonly (readonly Play[])[] {
  const random = new Random(seed);
  return [noisePlays(random.fork()), lifePlays(random.fork())];
}

function noisePlays(random: Random): readonly Play[] {
  const policy = anyPolicy(random);
  const { tellings, lastLook } = anyNoise(random);
  const part = random.pick([0, 0, random.fraction()]);
  const { length } = tellings;
  const again = shuffled(random, tellings);
  const once: Telling = { statements: tellings.flatMap(({ statements }) => statements), source: 'poll' };
  const looks = tellings.filter(({ look }) => look !== undefined);
  return [
    { policy, tellings: [...tellings, lastLook], placedAfter: Math.floor(part * (length + 1)) },
    { policy, tellings: [...again, lastLook], placedAfter: Math.floor(part * (again.length + 1)) },
    { policy, tellings: [once, ...looks, lastLook], placedAfter: 0 },
  ];
}

function lifePlays(random: Random): readonly Play[] {
  const { policy, tellings, booksAt, story }: Life = anyLife(random);
  const lastLook = tellings.at(-1)!;
  const before = tellings.slice(0, -1);
  const [first, second] = [shuffled(random, before), shuffled(random, before)];
  return [
    { policy, tellings, placedAfter: 0, booksAt, story },
    { policy, tellings: [...first, lastLook], placedAfter: 0, story },
    { policy, tellings: [...second, lastLook], placedAfter: random.below(second.length + 1), story },
  ];
}

/** @throws Broken at the first thing that does not hold. */
export function prove(seed: number, met: Met = new Map()): void {
  for (const plays of playsOf(seed)) {
    const ends = plays.flatMap((play) => {
      const subject = playOut(play, met);
      const judged = lawOf(play.tellings.flatMap(observedOf), play.policy);
      matches('S2 after the last look, by all that was told', subject.row, judged);
      // Whether access was ever full on the way there may depend on the order: if not, nothing was granted.
      return subject.row.status === 'none' ? [] : [textOf(subject.row)];
    });
    if (new Set(ends).size > 1) throw new Broken('S1 in any order the same', ends.join('\n'));
  }
}

/** Tells it all, and looks after every append. */
export function playOut(play: Play, met: Met): Subject {
  const { policy, tellings, placedAfter, booksAt } = play;
  const subject = new Subject(policy);
  for (const [index, telling] of tellings.entries()) {
    if (index === placedAfter) subject.place();
    const before = [...subject.recorded];
    const { row } = subject;
    const decisions = subject.tell(telling);
    if (index >= placedAfter) {
      matches('S2 of what is recorded and what was told', subject.row, lawOf([...before, ...observedOf(telling)], policy));
      const isAllRecorded = subject.recorded.length - before.length === telling.statements.length;
      if (!isAllRecorded) matches('S2 of what is recorded', subject.row, lawOf(subject.recorded, policy));
    }
    if (subject.decidedOn(telling).length > 0) throw new Broken('asked again it decides nothing', eventsText(subject.decidedOn(telling)));
    if (decisions.length > 1) throw new Broken('one decision an append', eventsText(decisions));
    for (const decision of decisions) {
      met.set(wordOf(decision), (met.get(wordOf(decision)) ?? 0) + 1);
      endsByLookOrNews(decision, row, subject);
    }
    if (booksAt) satisfiesTheAuditor(booksAt[index]!, telling, subject, met);
  }
  if (placedAfter >= tellings.length) subject.place();
  isOnce(subject.decisions);
  if (!subject.isReplayed()) throw new Broken('replay gives the same', '');
  return subject;
}

function lawOf(told: readonly Told[], policy: SubscriptionPolicy): Judged {
  return theLaw({ told, policy, plan: placed.plan, currency: 'usd' });
}

function wordOf({ type, data }: SubscriptionDecision): string {
  return 'change' in data ? data.change : type;
}

const statusOf = { full: 'active', suspended: 'suspended', over: 'over' } as const;

/** The shop's row says what the law says. What was never granted stays so until access is full. */
function matches(law: string, row: Row, judged: Judged): void {
  const status = row.status === 'none' && judged.access !== 'full' ? 'none' : statusOf[judged.access];
  const { plan, quantity, paidThrough, validUntil } = judged;
  const expected =
    status === 'none' || status === 'over' ? { status } : { status, plan, quantity, paidThrough, ...(status === 'active' && { validUntil }) };
  const { data } = row;
  const actual =
    row.status === 'none' || row.status === 'over'
      ? { status: row.status }
      : { status: row.status, plan: data?.plan, quantity: data?.quantity, paidThrough: data?.paidThrough, ...(row.status === 'active' && { validUntil: data?.validUntil }) };
  const [is, shouldBe] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== shouldBe) throw new Broken(law, `is        ${is}\nshould be ${shouldBe}`);
}

/** S11: an end has a look that has passed it, or news that takes: an end at the provider, money back, a free month that was none. */
function endsByLookOrNews(decision: SubscriptionDecision, before: Row, { recorded, policy }: Subject): void {
  if (decision.type !== 'SubscriptionEnded' && decision.type !== 'SubscriptionRevoked') return;
  const looked = recorded.flatMap(({ look }) => look ?? []).sort().at(-1) ?? '';
  const seen = recorded.filter(({ doubtful }) => !doubtful).map(({ asOf }) => asOf).sort().at(-1) ?? '';
  const taken = recorded.some(({ fact }) => {
    if (fact.kind === 'lifecycle') return policy.canceledNow === 'end' && fact.endedAt !== undefined && fact.endedAt <= seen;
    if (fact.kind === 'invoice') return isGift(fact);
    return fact.kind === 'refund' || fact.kind === 'dispute' || fact.kind === 'credit_note';
  });
  if (taken || looked >= decision.data.validUntil) return;
  throw new Broken('S11 no end without a look or news', `looked ${looked}\n${eventsText([decision])}\nbefore ${textOf(before)}`);
}

function isGift(fact: Extract<Told['fact'], { kind: 'invoice' }>): boolean {
  if (fact.status !== 'paid') return true; // Time of it may be credited, which nobody has paid.
  return fact.totalMinor <= 0 || fact.writtenOffMinor > 0 || !fact.lines.some(({ netMinor }) => netMinor > 0);
}

/** S4. */
function isOnce(decisions: readonly SubscriptionDecision[]): void {
  const granted = decisions.filter(({ type }) => type === 'SubscriptionGranted').length;
  if (granted > 1) throw new Broken('S4 one grant', eventsText(decisions));
  const named = decisions.flatMap(({ type, data }) => (type === 'SubscriptionGranted' || type === 'SubscriptionExtended' ? [data.invoice] : []));
  if (new Set(named).size < named.length || named.includes(undefined)) throw new Broken('S4 an invoice extends once', eventsText(decisions));
  if (decisions.some(({ data }, index) => data.sequence !== index + 1)) throw new Broken('S14 one sequence', eventsText(decisions));
}

/** Of a life told in order: nobody is out who paid, and nobody is in beyond what was paid and the graces. */
function satisfiesTheAuditor(books: Books, telling: Telling, { row, policy }: Subject, met: Met): void {
  const day = Math.max(...telling.statements.map(({ asOf }) => dayOf(asOf)));
  const kept: Books = { sales: books.sales, paused: books.paused, ...keptOf(books, policy) };
  const bounds = audit(kept, day, generosityOf(policy));
  const isPaused = books.paused || (row.data?.cause === 'paused' && policy.collectionPaused === 'suspend');
  const found = (law: string): Broken => new Broken(law, `day ${day}: ${JSON.stringify(bounds)}\nrow ${textOf(row)}`);
  if (bounds.mustBeIn && !isPaused) {
    met.set('must be in', (met.get('must be in') ?? 0) + 1);
    if (row.status !== 'active') throw found('nobody is out who paid');
    if (dayOf(row.data!.validUntil) < (bounds.promisedUntil ?? day) - 1e-6) throw found('what was paid is promised');
    if (bounds.plans.length > 0 && !bounds.plans.includes(row.data!.plan)) throw found('the plan is one that was paid');
  }
  if (row.status !== 'active') return;
  if (dayOf(row.data!.validUntil) > bounds.mayBeInUntil + 1e-6) throw found('nobody is in beyond what was paid and the graces');
  if (telling.look !== undefined && dayOf(telling.look) >= bounds.mayBeInUntil) throw found('a look ends what is over');
}

function keptOf({ endedOn, termsUntil }: Books, policy: SubscriptionPolicy): Partial<Books> {
  return {
    ...(endedOn === undefined || policy.canceledNow === 'run_out' ? {} : { endedOn }),
    ...(termsUntil === undefined || policy.netTerms === 'none' ? {} : { termsUntil: termsUntil + policy.renewalGraceHours / 24 }),
  };
}

function generosityOf({ renewalGraceHours, dunningGraceDays, trial, free }: SubscriptionPolicy): Generosity {
  return {
    graceDays: { paid: Math.max(renewalGraceHours / 24, dunningGraceDays), given: renewalGraceHours / 24 },
    gifts: [...(trial === 'grant' ? (['trial'] as const) : []), ...(free === 'grant' ? (['free'] as const) : [])],
  };
}

function textOf({ status, data }: Row): string {
  if (status === 'none' || status === 'over') return status;
  return `${status} ${data?.plan} ${data?.quantity} ${data?.paidThrough} ${status === 'active' ? data?.validUntil : ''}`;
}

function eventsText(events: readonly object[]): string {
  return events.map((event) => JSON.stringify(event)).join('\n');
}
