// The laws of subscriptions written a second time, from their text alone: access as a function of the whole list of what was
// told. It keeps no state, joins nothing and shares no code with the decider, so that the expected values of properties do not
// come from the code under test. Times are milliseconds here; -Infinity is "never".
import type { Source } from '../observation.ts';
import type { CoverLine, Lifecycle, MoneyBack, PaidInvoice, SubscriptionFact, SubscriptionStatement } from './observation.ts';
import type { SubscriptionPolicy } from './policy.ts';

/** One statement, with who told it and, where a look did, the time of that look. */
export type Told = SubscriptionStatement & { readonly source: Source; readonly look?: string };
export type Ruling = 'accepted' | 'rejected';

export interface LawCase {
  readonly told: readonly Told[];
  readonly policy: SubscriptionPolicy;
  /** What was placed. */
  readonly plan: string;
  /** Absent: any. */
  readonly currency?: string;
  /** By invoice. */
  readonly rulings?: Readonly<Record<string, Ruling>>;
}

export interface Judged {
  readonly access: 'full' | 'suspended' | 'over';
  /** S9. Absent: no line has begun. */
  readonly plan?: string;
  readonly quantity?: number;
  /** S3: the latest end of the base lines of the invoices that stand undisputed. */
  readonly paidThrough?: string;
  /** The end of access if nothing more is told. Absent: access never began. */
  readonly validUntil?: string;
}

/** A line of a plan that is no credit: from when to when it pays for which plan. */
interface Stretch {
  readonly line: CoverLine;
  readonly invoice: PaidInvoice;
  readonly plan: string;
  readonly from: number;
  readonly isBase: boolean;
}

interface Credit {
  readonly line: CoverLine;
  readonly invoice: PaidInvoice;
  readonly from: number;
}

const hour = 3_600_000;
const never = Number.NEGATIVE_INFINITY;
const ms = (time: string): number => Date.parse(time);
const latest = (times: readonly number[]): number => Math.max(never, ...times);
const timeOf = (time: number): string | undefined => (Number.isFinite(time) ? new Date(time).toISOString() : undefined);
const isEnded = ({ status }: Lifecycle): boolean => status === 'canceled' || status === 'incomplete_expired';

/** S2: access, by the whole list. */
export function theLaw(given: LawCase): Judged {
  const { told, policy } = given;
  const seen = latest(told.filter(({ doubtful, source }) => doubtful !== true && source !== 'manual').map(({ asOf }) => ms(asOf)));
  const looked = latest(told.flatMap(({ look }) => (look === undefined ? [] : [ms(look)])));
  const lifecycle = lifecycleOf(told);
  const endedAt =
    lifecycle && isEnded(lifecycle) && lifecycle.endedAt !== undefined && policy.canceledNow === 'end' ? ms(lifecycle.endedAt) : undefined;
  const world = new Invoices(given);
  // S12: what was paid after the end, and a person accepted, stands in spite of the end; nothing else does.
  const revived =
    endedAt === undefined ? [] : world.stretches.filter(({ invoice }) => world.isAccepted(invoice) && world.paidAt(invoice) > endedAt);
  const isRevived = revived.some(({ isBase, invoice }) => isBase && world.stands(invoice));
  const stretches = isRevived ? revived : world.stretches;
  const base = stretches.filter(({ isBase }) => isBase);
  const endOf = (stretches: readonly Stretch[]): number => latest(stretches.map((stretch) => world.endOf(stretch)));
  const inGoodOrder = base.filter(({ invoice }) => world.stands(invoice) && !world.isHeld(invoice));
  const [F, H, U] = [
    endOf(inGoodOrder),
    endOf(base.filter(({ invoice }) => world.stands(invoice) && world.isHeld(invoice))),
    endOf(base.filter(({ invoice }) => world.isUndone(invoice))),
  ];
  const standing = base.filter(({ invoice }) => world.stands(invoice));
  const status = lifecycle?.status;
  // S6: silence has a grace, and money that was given back or is fought over has none.
  const gaveUp = status === 'unpaid' || (lifecycle !== undefined && isEnded(lifecycle));
  let reach = F;
  if (F > never && !gaveUp && F >= Math.max(H, U)) {
    const byMoney = inGoodOrder.some((stretch) => world.endOf(stretch) === F && world.isMoney(stretch.invoice));
    reach = F + (status === 'past_due' && byMoney ? policy.dunningGraceDays * 24 : policy.renewalGraceHours) * hour;
    if (policy.netTerms === 'grace') {
      for (const { dueAt, from } of world.openTerms()) {
        if (ms(from) <= F) reach = Math.max(reach, ms(dueAt) + policy.renewalGraceHours * hour);
      }
    }
  }
  const until = isRevived ? reach : Math.min(reach, endedAt ?? reach);
  const hasEnded = endedAt !== undefined && endedAt <= seen && !isRevived;
  const begins = Math.min(...standing.map(({ from }) => from));

  let access: Judged['access'];
  if (hasEnded || seen < begins) access = 'over';
  else if ((F < Math.max(H, U) ? seen : looked) < until) access = 'full';
  else access = looked < H ? 'suspended' : 'over';
  const isPaused = status === 'paused' || (lifecycle?.collectionPaused !== undefined && policy.collectionPaused === 'suspend');
  if (access === 'full' && isPaused) access = 'suspended';

  const carried = stretches.filter(({ invoice, from }) => world.stands(invoice) && from <= seen);
  const [last] = carried.sort((a, b) => b.from - a.from || ms(b.line.to) - ms(a.line.to) || (a.line.id < b.line.id ? 1 : -1));
  return JSON.parse(
    JSON.stringify({ access, plan: last?.plan, quantity: last?.line.quantity, paidThrough: timeOf(F), validUntil: timeOf(until) }),
  );
}

/** "Ended last, then `asOf`". No two statements of different content have one `asOf` in these tests. */
function lifecycleOf(told: readonly Told[]): Lifecycle | undefined {
  let best: { readonly fact: Lifecycle; readonly asOf: string } | undefined;
  for (const { fact, asOf } of told) {
    if (fact.kind !== 'lifecycle') continue;
    const better = best === undefined || (isEnded(fact) === isEnded(best.fact) ? asOf >= best.asOf : isEnded(fact));
    if (better) best = { fact, asOf };
  }
  return best?.fact;
}

/** What is known of the invoices, by asking the list again for each question. */
class Invoices {
  readonly #given: LawCase;
  readonly #facts: readonly SubscriptionFact[];
  readonly #paid: readonly PaidInvoice[];
  readonly #trialEnd: number;
  readonly stretches: readonly Stretch[];
  /** The credits of invoices that are paid and not undone. */
  readonly #credits: readonly Credit[];
  readonly #ends = new Map<Stretch, number>();
  readonly #effects = new Map<PaidInvoice, readonly string[]>();
  readonly #payers = new Map<PaidInvoice, boolean>();

  constructor(given: LawCase) {
    this.#given = given;
    this.#facts = given.told.map(({ fact }) => fact);
    const paid = new Map<string, PaidInvoice>();
    for (const fact of this.#facts) if (fact.kind === 'invoice' && fact.status === 'paid') paid.set(fact.id, fact);
    this.#paid = [...paid.values()];
    this.#trialEnd = latest(
      this.#facts.flatMap((fact) => (fact.kind === 'lifecycle' && fact.trialEnd !== undefined ? [ms(fact.trialEnd)] : [])),
    );
    this.stretches = this.#paid.flatMap((invoice) => this.#stretchesOf(invoice));
    this.#credits = this.#paid
      .filter((invoice) => this.#isAsPlaced(invoice) && !this.#isTakenBack(invoice))
      .flatMap((invoice) => invoice.lines.map((line) => ({ line, invoice, from: ms(line.from) })))
      .filter(({ line }) => line.role === 'credit');
    this.#cut();
  }

  endOf(stretch: Stretch): number {
    return this.#ends.get(stretch) ?? never;
  }

  isAccepted({ id }: PaidInvoice): boolean {
    return this.#given.rulings?.[id] === 'accepted';
  }

  /** The earliest that anybody told. */
  paidAt({ id }: PaidInvoice): number {
    const paid = this.#given.told.filter(({ fact }) => fact.kind === 'invoice' && fact.id === id && fact.status === 'paid');
    return Math.min(...paid.map(({ asOf, occurredAt }) => ms(occurredAt ?? asOf)));
  }

  /** S3: "if it is paid, pays for something and is not undone". */
  stands(invoice: PaidInvoice): boolean {
    return this.#pays(invoice) && !this.#isTakenBack(invoice);
  }

  /** S5, and S12 for what a person rejected. What never stood is not undone. */
  isUndone(invoice: PaidInvoice): boolean {
    return this.#pays(invoice) && this.#isTakenBack(invoice);
  }

  #pays(invoice: PaidInvoice): boolean {
    return remembered(this.#payers, invoice, () => this.#doesPay(invoice));
  }

  #doesPay(invoice: PaidInvoice): boolean {
    if (this.isAccepted(invoice)) return this.stretches.some((stretch) => stretch.invoice === invoice);
    if (!this.#isAsPlaced(invoice) || this.#creditsTheUnpaid(invoice)) return false;
    const { trial, free } = this.#given.policy;
    return this.isMoney(invoice) || (this.#isTrial(invoice) ? trial : free) === 'grant';
  }

  #isAsPlaced(invoice: PaidInvoice): boolean {
    const { currency } = this.#given;
    return currency === undefined || invoice.currency === currency || this.isAccepted(invoice);
  }

  #isTakenBack(invoice: PaidInvoice): boolean {
    return this.#effectsOn(invoice).includes('revoke') || this.#given.rulings?.[invoice.id] === 'rejected';
  }

  /** S10: "a line of a plan that is no credit has a net amount above 0 and it was not written off in full before payment". */
  isMoney(invoice: PaidInvoice): boolean {
    const isWrittenOff = invoice.writtenOffMinor > 0 && invoice.writtenOffMinor >= invoice.totalMinor;
    return !isWrittenOff && this.stretches.some((stretch) => stretch.invoice === invoice && stretch.line.netMinor > 0);
  }

  #isTrial(invoice: PaidInvoice): boolean {
    const begins = this.#beginOf(invoice);
    const paidBefore = this.#paid.some((other) => this.isMoney(other) && this.#beginOf(other) < begins);
    return invoice.discountMinor === 0 && begins < this.#trialEnd && !paidBefore;
  }

  #beginOf(invoice: PaidInvoice): number {
    return Math.min(...this.stretches.filter((stretch) => stretch.invoice === invoice).map(({ from }) => from));
  }

  #creditsTheUnpaid({ totalMinor, lines }: PaidInvoice): boolean {
    if (totalMinor > 0) return false;
    return lines.some(({ role, credits }) => role === 'credit' && this.#facts.some((fact) => this.#isUnpaid(fact, credits)));
  }

  #isUnpaid(fact: SubscriptionFact, id: string | undefined): boolean {
    return fact.kind === 'invoice' && fact.id === id && !this.#paid.some((paid) => paid.id === id);
  }

  isHeld(invoice: PaidInvoice): boolean {
    return !this.#isTakenBack(invoice) && this.#effectsOn(invoice).includes('suspend');
  }

  #effectsOn(invoice: PaidInvoice): readonly string[] {
    return remembered(this.#effects, invoice, () => this.#findEffects(invoice));
  }

  #findEffects(invoice: PaidInvoice): readonly string[] {
    const { policy } = this.#given;
    const whole = invoice.totalMinor - invoice.writtenOffMinor;
    if (whole <= 0) return [];
    const allocations = this.#allocationsOf(invoice.id);
    const parts = [...new Set(allocations.map(({ payment }) => payment))].map((payment) => {
      const given = sum(allocations.filter((each) => each.payment === payment).map(({ amountMinor }) => amountMinor));
      const upTo = (minor: number): number => Math.min(minor, given);
      const disputes = disputesOf(this.#moneyBack(payment));
      const refunded = refundedOf(this.#moneyBack(payment));
      const lost = disputes.filter(({ status }) => status === 'lost');
      const open = disputes.filter(({ status }) => status === 'open');
      const lostMinor = sum(lost.map((dispute) => dispute.amountMinor));
      const openMinor = sum(open.map((dispute) => dispute.amountMinor));
      return { refunded, lost, open, back: upTo(refunded + lostMinor), atRisk: upTo(refunded + lostMinor + openMinor) };
    });
    const [lost, open] = [parts.flatMap((part) => part.lost), parts.flatMap((part) => part.open)];
    const notes = sum(this.#creditNotesOf(invoice.id));
    const back = sum(parts.map((part) => part.back));
    const atRisk = sum(parts.map((part) => part.atRisk));
    // Who takes back all that his card has paid has not paid the rest from his balance alone.
    const byPayments = whole - invoice.balanceMinor - invoice.outsideMinor;
    const isAllBack = back + notes >= whole;
    const isAllLost = isAllBack || (lost.length > 0 && back >= byPayments);
    const effects: string[] = [];
    if (back + notes > 0 && !isAllLost) effects.push(policy.partialRefund);
    if (isAllBack && (notes > 0 || parts.some(({ refunded }) => refunded > 0))) effects.push(policy.fullRefund);
    if (isAllLost) for (const { returnedDebit } of lost) effects.push(returnedDebit ? policy.returnedDebit : policy.lostDispute);
    if (atRisk + notes >= whole || atRisk >= byPayments || policy.partialRefund === 'revoke') {
      for (const { returnedDebit } of open) effects.push(returnedDebit ? policy.returnedDebit : policy.openDispute);
    }
    return effects;
  }

  openTerms(): readonly { readonly dueAt: string; readonly from: string }[] {
    const settled = new Set(this.#facts.flatMap((fact) => (fact.kind === 'invoice' && fact.status !== 'open' ? [fact.id] : [])));
    return this.#facts.flatMap((fact) =>
      fact.kind === 'invoice' && fact.status === 'open' && fact.terms && !settled.has(fact.id) ? [fact.terms] : [],
    );
  }

  #allocationsOf(invoice: string) {
    const all = this.#facts.filter((fact) => fact.kind === 'allocation');
    return [...new Set(all.map(({ id }) => id))].flatMap((id) => {
      const paid = all.find((allocation) => allocation.id === id && allocation.status === 'paid');
      return paid?.invoice === invoice ? [paid] : [];
    });
  }

  #moneyBack(payment: string): readonly MoneyBack[] {
    return this.#facts.filter((fact) => fact.kind === 'refund' || fact.kind === 'dispute').filter((fact) => fact.payment.id === payment);
  }

  #creditNotesOf(invoice: string): readonly number[] {
    const notes = this.#facts.filter((fact) => fact.kind === 'credit_note').filter((note) => note.invoice === invoice);
    const isVoid = (id: string): boolean => notes.some((note) => note.id === id && note.status === 'void');
    return [...new Set(notes.map(({ id }) => id))]
      .filter((id) => !isVoid(id))
      .map((id) => notes.find((note) => note.id === id)!.amountMinor);
  }

  #stretchesOf(invoice: PaidInvoice): readonly Stretch[] {
    return invoice.lines.flatMap((line) => {
      const plan = line.role === 'credit' ? undefined : this.#planOf(line, invoice);
      // S3: a proration too, on the first invoice, and where no credit of the invoice takes something off.
      const isBase =
        line.role === 'base' || invoice.reason === 'create' || !invoice.lines.some((each) => each.role === 'credit' && each.netMinor < 0);
      return plan === undefined ? [] : [{ line, invoice, plan, from: ms(line.from), isBase }];
    });
  }

  #planOf({ price, product }: CoverLine, { id }: PaidInvoice): string | undefined {
    const plans = Object.entries(this.#given.policy.plans);
    if (plans.length === 0) return this.#given.plan;
    const naming = (name: string): string | undefined => plans.find(([, names]) => names.includes(name))?.[0];
    return naming(price) ?? naming(product) ?? (this.#given.rulings?.[id] === 'accepted' ? this.#given.plan : undefined);
  }

  /**
   * S3: a line ends where its credit begins or, where the credit's invoice stands, at the latest end of the lines there that it
   * does not credit itself. Those may be credited by others, so the ends fall until they fall no further.
   */
  #cut(): void {
    for (const stretch of this.stretches) this.#ends.set(stretch, ms(stretch.line.to));
    for (let isFalling = true; isFalling; ) {
      isFalling = false;
      for (const stretch of this.stretches) {
        const cuts = this.#credits.filter((credit) => this.#isCredited(stretch, credit)).map((credit) => this.#leftBy(credit));
        const end = Math.min(this.endOf(stretch), ...cuts);
        isFalling ||= end < this.endOf(stretch);
        this.#ends.set(stretch, end);
      }
    }
  }

  #leftBy(credit: Credit): number {
    if (!this.stands(credit.invoice)) return credit.from;
    const others = this.stretches.filter(
      (other) => other.invoice === credit.invoice && other.from <= credit.from && !this.#isCredited(other, credit),
    );
    return Math.max(credit.from, ...others.map((other) => this.endOf(other)));
  }

  /**
   * A credit gives back no more time than the line has left, and of its own invoice only what began before it: what begins with it is
   * the replacement.
   */
  #isCredited({ line, invoice, from }: Stretch, credit: Credit): boolean {
    if (line.price !== credit.line.price || ms(line.to) <= credit.from || ms(credit.line.to) > ms(line.to)) return false;
    return invoice === credit.invoice ? from < credit.from : from <= credit.from;
  }
}

function remembered<K, V>(answers: Map<K, V>, key: K, ask: () => V): V {
  const answer = answers.get(key) ?? ask();
  answers.set(key, answer);
  return answer;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

/** refund: pending < requires_action < succeeded < canceled < failed. Only `succeeded` moved money. */
function refundedOf(facts: readonly MoneyBack[]): number {
  const refunds = facts.filter((fact) => fact.kind === 'refund');
  const ids = [...new Set(refunds.map(({ id }) => id))];
  return sum(
    ids.map((id) => {
      const told = refunds.filter((refund) => refund.id === id);
      if (told.some(({ status }) => status === 'canceled' || status === 'failed')) return 0;
      return Math.max(0, ...told.filter(({ status }) => status === 'succeeded').map(({ amountMinor }) => amountMinor));
    }),
  );
}

/** dispute: movements, then inquiry < open < prevented < won < lost. */
function disputesOf(facts: readonly MoneyBack[]) {
  const disputes = facts.filter((fact) => fact.kind === 'dispute');
  const order = ['inquiry', 'open', 'prevented', 'won', 'lost'];
  return [...new Set(disputes.map(({ id }) => id))].map((id) => {
    const told = disputes.filter((dispute) => dispute.id === id);
    return told.sort((a, b) => b.movements - a.movements || order.indexOf(b.status) - order.indexOf(a.status))[0]!;
  });
}
