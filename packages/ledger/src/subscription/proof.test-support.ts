// The proof of the pure core: plays what sources tell about one subscription, and compares the decisions after every append with
// the law, with the auditor's money, and with what must never happen. Each seed is another play; the same seed is the same.
import { Random } from '../testing/simulation/random.ts';
import { audit, type Books, type Generosity } from './auditor.test-support.ts';
import { Billing, plansOfLives, prices } from './billing.test-support.ts';
import { Broken, count, eventsText, isOnce, type Law, lawOf, type Met, matches, textOf, wordOf } from './checks.test-support.ts';
import type { SubscriptionDecision } from './events.ts';
import type { Told } from './law.test-support.ts';
import { anyLife, type Life } from './lives.test-support.ts';
import { anyNoise, anyPolicy, lastDay } from './noise.test-support.ts';
import { defaultSubscriptionPolicy, type SubscriptionPolicy } from './policy.ts';
import { proveReplicas } from './replicas.test-support.ts';
import { observedOf, type Row, Subject } from './subject.test-support.ts';
import { dayOf, onDay, shuffled, sources, type Telling } from './tellings.test-support.ts';

export interface Play {
  readonly policy: SubscriptionPolicy;
  readonly tellings: readonly Telling[];
  /** After how many tellings it is placed. */
  readonly placedAfter: number;
  /** What the provider knew at each telling, where a life is told in order. */
  readonly booksAt?: readonly Books[];
  readonly story?: readonly string[];
}

/** Plays the seed. @throws Broken at the first thing that does not hold. */
export async function prove(seed: number, met: Met = new Map()): Promise<void> {
  const random = new Random(seed);
  const [noise, life, ofPeople, ofReplicas, ofRenewals] = [random.fork(), random.fork(), random.fork(), random.fork(), random.fork()];
  const ofPolicies = random.fork();
  inAnyOrderTheSame(noisePlays(noise), met);
  inAnyOrderTheSame(lifePlays(life), met);
  provePeople(ofPeople, met);
  provePolicies(ofPolicies, met);
  proveRenewals(ofRenewals);
  await proveReplicas(ofReplicas, met);
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

function inAnyOrderTheSame(plays: readonly Play[], met: Met): void {
  const ends = plays.flatMap((play) => {
    const { row } = playOut(play, met);
    matches('S2 after the last look, by all that was told', row, lawOf(play.tellings.flatMap(observedOf), play.policy));
    // Whether access was ever full on the way there may depend on the order: if not, nothing was granted.
    return row.status === 'none' ? [] : [textOf(row)];
  });
  if (new Set(ends).size > 1) throw new Broken('S1 in any order the same', ends.join('\n'));
}

/** S12: what people say of the reviews is the last word, whatever was decided before. */
function provePeople(random: Random, met: Met): void {
  const [{ policy, tellings }] = noisePlays(random) as [Play];
  const subject = new Subject(policy);
  subject.place();
  for (const telling of tellings) subject.tell(telling);
  const rulings: Record<string, 'accepted' | 'rejected'> = {};
  for (const { reviewId, kind, invoice } of subject.state.reviews) {
    const resolution = random.pick(['grant', 'grant', invoice === undefined ? 'dismiss' : 'revoke', 'dismiss'] as const);
    subject.resolve(reviewId, resolution);
    const isPaid = subject.recorded.some(({ fact }) => fact.kind === 'invoice' && fact.id === invoice && fact.status === 'paid');
    if (invoice === undefined || resolution === 'dismiss' || (resolution === 'grant' && !isPaid)) continue;
    rulings[invoice] = resolution === 'grant' ? 'accepted' : 'rejected';
    count(met, `${resolution} of ${kind}`);
    matches('S12 the last word of a person', subject.row, lawOf(subject.recorded, policy, rulings));
  }
  const later = onDay(lastDay + 100);
  const again = { ...tellings.at(-1)!.statements.at(-1)!, asOf: later };
  subject.tell({ statements: [again], source: 'poll', look: later });
  matches('S12 the last word of a person, at the next look', subject.row, lawOf(subject.recorded, policy, rulings));
  isOnce(subject.decisions);
}

/** Where the shop adopts another policy, the next look decides by it, also where it tells nothing new. */
function provePolicies(random: Random, met: Met): void {
  const [{ policy, tellings }] = noisePlays(random) as [Play];
  const subject = new Subject(policy);
  subject.place();
  for (const telling of tellings) subject.tell(telling);
  subject.policy = { ...anyPolicy(random), plans: policy.plans };
  if (subject.tell(tellings.at(-1)!).length > 0) count(met, 'another policy decides otherwise');
  matches('S11 a look decides by the policy in force', subject.row, lawOf(subject.recorded, subject.policy));
  isOnce(subject.decisions);
}

/** S4: of k renewals, each told once or twice: 1 granted, k − 1 extended, 1 ended, and nothing else. */
function proveRenewals(random: Random): void {
  const billing = new Billing(random, prices.silver);
  const subject = new Subject({ ...defaultSubscriptionPolicy, plans: plansOfLives });
  subject.place();
  billing.become({ status: 'active' });
  const k = random.between(1, 12);
  for (let renewal = 0; renewal < k; renewal++) {
    billing.renew();
    if (random.chance(0.4)) billing.look();
    billing.wait(30);
  }
  for (const telling of billing.tellings) {
    subject.tell(telling);
    if (random.chance(0.5)) subject.tell({ ...telling, source: random.pick(sources) });
  }
  const [old] = billing.tellings;
  billing.wait(4);
  billing.look();
  subject.tell(billing.tellings.at(-1)!);
  subject.tell({ ...old!, source: random.pick(sources) });
  const words = subject.decisions.map(wordOf).join(' ');
  const expected = ['SubscriptionGranted', ...Array.from({ length: k - 1 }, () => 'SubscriptionExtended'), 'SubscriptionEnded'].join(' ');
  if (words !== expected) throw new Broken('S4 each of k renewals extends once', `${words}\nnot ${expected}`);
}

/** Tells it all, and asks after every append. */
function playOut(play: Play, met: Met): Subject {
  const { tellings, placedAfter } = play;
  const subject = new Subject(play.policy);
  for (const index of tellings.keys()) {
    if (index === placedAfter) subject.place();
    try {
      tellOne(play, index, subject, met);
    } catch (error) {
      throw error instanceof Broken ? new Broken(error.law, `${error.message}\n${tellingsText(play, index)}`) : error;
    }
  }
  if (placedAfter >= tellings.length) subject.place();
  isOnce(subject.decisions);
  if (!subject.isReplayed()) throw new Broken('replay gives the same', tellingsText(play, tellings.length));
  return subject;
}

function tellOne({ policy, tellings, placedAfter, booksAt }: Play, index: number, subject: Subject, met: Met): void {
  const telling = tellings[index]!;
  const before = [...subject.recorded];
  const { row } = subject;
  const decisions = subject.tell(telling);
  if (index >= placedAfter) {
    matches(
      'S2 after every append, by what is recorded and what was told',
      subject.row,
      lawOf([...before, ...observedOf(telling)], policy),
    );
    const isAllRecorded = subject.recorded.length - before.length === telling.statements.length;
    if (!isAllRecorded) matches('S2 after every append, by what is recorded', subject.row, lawOf(subject.recorded, policy));
  }
  if (subject.decidedOn(telling).length > 0) throw new Broken('asked again it decides nothing', eventsText(subject.decidedOn(telling)));
  if (decisions.length > 1) throw new Broken('one decision an append', eventsText(decisions));
  for (const decision of decisions) {
    count(met, wordOf(decision));
    endsByLookOrNews(decision, row, subject);
  }
  if (booksAt) satisfiesTheAuditor(booksAt[index]!, telling, subject, met);
}

/** The play up to the telling that broke a law, a fact a line. */
function tellingsText({ policy, story = [], tellings, placedAfter }: Play, last: number): string {
  const told = tellings
    .slice(0, last + 1)
    .flatMap(({ statements, source, look }, index) => [
      `${index}${index === placedAfter ? ' (placed)' : ''} ${source}${look === undefined ? '' : ` looks at ${look}`}`,
      ...statements.map(({ fact, asOf, doubtful }) => `    ${asOf}${doubtful ? ' in doubt' : ''} ${JSON.stringify(fact)}`),
    ]);
  return [`Policy: ${JSON.stringify(policy)}`, ...story, ...told].join('\n');
}

/** S11: an end has a look that has passed it, or news that takes: an end at the provider, money back, a free month that was none. */
function endsByLookOrNews(decision: SubscriptionDecision, before: Row, { recorded, policy }: Subject): void {
  if (decision.type !== 'SubscriptionEnded' && decision.type !== 'SubscriptionRevoked') return;
  const looked =
    recorded
      .flatMap(({ look }) => look ?? [])
      .sort()
      .at(-1) ?? '';
  const seen =
    recorded
      .filter(({ doubtful, source }) => !doubtful && source !== 'manual')
      .map(({ asOf }) => asOf)
      .sort()
      .at(-1) ?? '';
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

/** Where a life is told in order, nobody is out who paid, and nobody is in beyond what was paid and the graces. */
function satisfiesTheAuditor(books: Books, telling: Telling, { row, policy }: Subject, met: Met): void {
  const day = Math.max(...telling.statements.map(({ asOf }) => dayOf(asOf)));
  const bounds = audit(booksUnder(books, policy), day, generosityOf(policy));
  const isPaused = books.paused || (row.data?.cause === 'paused' && policy.collectionPaused === 'suspend');
  const found = (law: Law): Broken => new Broken(law, `day ${day}: ${JSON.stringify(bounds)}\nrow ${textOf(row)}`);
  if (bounds.mustBeIn && !isPaused) {
    count(met, 'he paid for this day');
    if (row.status !== 'active') throw found('the auditor: nobody is out who paid');
    if (dayOf(row.data!.validUntil) < (bounds.promisedUntil ?? day) - 1e-6) throw found('the auditor: what was paid is promised');
    if (bounds.plans.length > 0 && !bounds.plans.includes(row.data!.plan)) throw found('the auditor: the plan is one that was paid');
  }
  if (row.status !== 'active') return;
  if (bounds.isGivenBack && day >= bounds.mayBeInUntil) throw found('the auditor: money given back ends at once');
  if (dayOf(row.data!.validUntil) > bounds.mayBeInUntil + 1e-6)
    throw found('the auditor: nobody is in beyond what was paid and the graces');
  if (telling.look !== undefined && dayOf(telling.look) >= bounds.mayBeInUntil) throw found('the auditor: a look ends what is over');
}

/** What the policy makes of an end at once, and of invoices that may be paid later. */
function booksUnder({ endedOn, terms, ...books }: Books, policy: SubscriptionPolicy): Books {
  return {
    ...books,
    terms: policy.netTerms === 'none' ? [] : terms,
    ...(endedOn === undefined || policy.canceledNow === 'run_out' ? {} : { endedOn }),
  };
}

function generosityOf({ renewalGraceHours, dunningGraceDays, trial, free }: SubscriptionPolicy): Generosity {
  return {
    graceDays: { late: Math.max(renewalGraceHours / 24, dunningGraceDays), silent: renewalGraceHours / 24 },
    gifts: [...(trial === 'grant' ? (['trial'] as const) : []), ...(free === 'grant' ? (['free'] as const) : [])],
  };
}
