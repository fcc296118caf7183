// What each paid invoice pays for (S3, S10, S12), and what money that went back leaves of it (S5). A function of the facts and of
// people's rulings.
import { type Access, accessLeft, type MoneyMoved, refundedMinor } from '../order/access.ts';
import type { PaymentFacts } from '../order/facts.ts';
import type { SubscriptionDecided, SubscriptionPlaced } from './events.ts';
import { compareTexts, type InvoiceFacts, type SubscriptionFacts } from './facts.ts';
import type { CoverLine, PaidInvoice, SubscriptionReference } from './observation.ts';
import type { SubscriptionPolicy } from './policy.ts';

/** What access rests on, of a subscription that is placed. */
export interface Judged {
  readonly placed: Pick<SubscriptionPlaced, 'plan' | 'currency' | 'account' | 'livemode'>;
  /** The provider's subscription. Absent: nothing was reported yet. */
  readonly reference?: SubscriptionReference;
  readonly facts: SubscriptionFacts;
  /** What a person last decided about an invoice. Key: its id. */
  readonly rulings: Rulings;
  /** The invoices that have given access. */
  readonly usedInvoices: readonly string[];
  /** The newest decision. Absent: none yet. */
  readonly decided?: Pick<SubscriptionDecided, 'plan'>;
}
export type Rulings = Readonly<Record<string, 'accepted' | 'rejected'>>;

/** A line that pays for a plan. */
export interface PlanLine {
  readonly line: CoverLine;
  readonly plan: string;
  /** S3: it pays for a period, so its end counts. */
  readonly isBase: boolean;
}

/** `nothing`: no line of it pays for a plan. */
export type InvoiceKind = 'money' | 'trial' | 'free' | 'nothing';
/** `none`: it does not stand, and nothing undid it: it pays for nothing that counts. */
export type Standing = 'stands' | 'held' | 'undone' | 'none';
/** In what it differs from what was placed. */
export type Misfit = 'currency' | 'mode' | 'account';

export interface JudgedInvoice {
  readonly id: string;
  readonly fact: PaidInvoice;
  readonly paidAt: string;
  /** When it was paid; of a trial, when that begins. */
  readonly since: string;
  readonly ruling: 'accepted' | 'rejected' | undefined;
  readonly kind: InvoiceKind;
  readonly standing: Standing;
  /** What undid it, where it is undone. */
  readonly undoneBy: 'refunded' | 'disputed';
  /** True: its credits cut (S3). It is paid, as placed, and not undone. */
  readonly cuts: boolean;
  readonly misfits: readonly Misfit[];
  /** S10: it credits time that nobody paid. */
  readonly creditsUnpaid: boolean;
  /** Its lines of plans, credits left out. */
  readonly lines: readonly PlanLine[];
}

/** The paid invoices, each with what became of it. Sorted by id. */
export function judgeInvoices(judged: Judged, policy: SubscriptionPolicy): readonly JudgedInvoice[] {
  const paid = judged.facts.invoices.flatMap(({ fact, paidAt = '' }) =>
    fact.status === 'paid' ? [{ fact, paidAt, lines: planLines(fact, judged, policy) }] : [],
  );
  const currency = judged.placed.currency ?? firstOf(paid.map(({ fact }) => fact))?.currency;
  const moneyFrom = begin(paid.filter(({ fact, lines }) => isMoney(fact, lines)).flatMap(({ lines }) => lines));
  return paid.map(({ fact, paidAt, lines }) => {
    const ruling = judged.rulings[fact.id];
    const misfits = misfitsOf(fact, judged, currency);
    const creditsUnpaid = creditsWhatNobodyPaid(fact, judged.facts.invoices);
    const kind = kindOf(fact, lines, judged.facts.trialEnd, moneyFrom);
    const isAsPlaced = ruling === 'accepted' || misfits.length === 0;
    const pays = kind !== 'nothing' && (ruling === 'accepted' || (givesAccess(kind, policy) && isAsPlaced && !creditsUnpaid));
    const left = ruling === 'rejected' ? 'ended' : moneyLeft(fact, judged.facts, policy);
    return {
      id: fact.id,
      fact,
      paidAt,
      since: kind === 'trial' ? (begin(lines) ?? paidAt) : paidAt,
      ruling,
      kind,
      standing: pays ? standingOf[left] : 'none',
      undoneBy: undoneBy(fact, judged.facts),
      cuts: isAsPlaced && left !== 'ended',
      misfits,
      creditsUnpaid,
      lines,
    };
  });
}

function planLines(fact: PaidInvoice, judged: Judged, policy: SubscriptionPolicy): readonly PlanLine[] {
  const { id, lines } = fact;
  const { placed, rulings, usedInvoices, decided = placed } = judged;
  const prorationsPay = paysProrationsWhole(fact);
  const isUsed = usedInvoices.includes(id);
  return lines.flatMap((line) => {
    if (line.role === 'credit') return [];
    // What was paid at a price that is retired runs out; only the next renewal at it is none.
    const isRetired = isUsed && policy.retired?.some((id) => id === line.price || id === line.product) === true;
    const plan = planOf(line, policy, placed.plan, rulings[id] === 'accepted') ?? (isRetired ? decided.plan : undefined);
    return plan === undefined ? [] : [{ line, plan, isBase: line.role === 'base' || prorationsPay }];
  });
}

const standingOf: Readonly<Record<Access, Standing>> = { full: 'stands', paused: 'held', ended: 'undone' };

/** The plan of a line. Undefined: no plan names its price; then it pays for nothing, unless a person accepted its invoice. */
export function planOf(
  line: Pick<CoverLine, 'price' | 'product'>,
  { plans }: Pick<SubscriptionPolicy, 'plans'>,
  placed: string,
  isAccepted = false,
): string | undefined {
  const entries = Object.entries(plans);
  if (entries.length === 0) return placed;
  const named = (id: string): string | undefined => entries.find(([, ids]) => ids.includes(id))?.[0];
  const plan = named(line.price) ?? named(line.product);
  return plan ?? (isAccepted ? placed : undefined);
}

/**
 * True if its prorations pay for their time whole, and not for a difference. Where an anchor lies ahead, the first stretch of a
 * subscription is a proration; and where nothing of worth is credited, nothing paid for that time before.
 */
function paysProrationsWhole({ reason, lines }: PaidInvoice): boolean {
  return reason === 'create' || lines.every(({ role, netMinor }) => role !== 'credit' || netMinor >= 0);
}

function begin(lines: readonly PlanLine[]): string | undefined {
  return lines.map(({ line }) => line.from).sort(compareTexts)[0];
}

/** S10: asked of the lines, never of the total. */
function isMoney({ totalMinor, writtenOffMinor }: PaidInvoice, lines: readonly PlanLine[]): boolean {
  const isWrittenOff = writtenOffMinor > 0 && writtenOffMinor >= totalMinor;
  return !isWrittenOff && lines.some(({ line }) => line.netMinor > 0);
}

/** @param moneyFrom when the first invoice that was paid with money begins. */
function kindOf(fact: PaidInvoice, lines: readonly PlanLine[], trialEnd = '', moneyFrom = '~'): InvoiceKind {
  const from = begin(lines);
  if (from === undefined) return 'nothing';
  if (isMoney(fact, lines)) return 'money';
  return fact.discountMinor === 0 && from < trialEnd && moneyFrom >= from ? 'trial' : 'free';
}

function givesAccess(kind: Exclude<InvoiceKind, 'nothing'>, policy: SubscriptionPolicy): boolean {
  if (kind === 'trial') return policy.trial === 'grant';
  return kind === 'money' || policy.free === 'grant';
}

/** The invoice whose lines begin first: it sets the currency where none was placed. Of two, that of the first id: they are sorted by id. */
function firstOf(paid: readonly PaidInvoice[]): PaidInvoice | undefined {
  const fromOf = ({ lines }: PaidInvoice): string => lines.map(({ from }) => from).sort(compareTexts)[0] ?? '~';
  return [...paid].sort((a, b) => compareTexts(fromOf(a), fromOf(b)))[0];
}

function misfitsOf(fact: PaidInvoice, { placed, reference }: Judged, currency: string | undefined): readonly Misfit[] {
  const misfits: Misfit[] = [];
  if (reference && reference.livemode !== placed.livemode) misfits.push('mode');
  if (reference && reference.account !== placed.account) misfits.push('account');
  if (fact.currency !== currency) misfits.push('currency');
  return misfits;
}

/** True if its credits exceed it, and one of them gives back time of an invoice that is known as unpaid. */
function creditsWhatNobodyPaid({ totalMinor, lines }: PaidInvoice, invoices: readonly InvoiceFacts[]): boolean {
  if (totalMinor > 0) return false;
  return invoices.some(({ id, fact }) => fact.status !== 'paid' && lines.some(({ role, credits }) => role === 'credit' && credits === id));
}

/** S5: what refunds, credit notes and disputes leave of an invoice. */
function moneyLeft(fact: PaidInvoice, facts: SubscriptionFacts, policy: SubscriptionPolicy): Access {
  const { id, totalMinor, writtenOffMinor, balanceMinor, outsideMinor } = fact;
  const receivedMinor = totalMinor - writtenOffMinor;
  if (receivedMinor <= 0) return 'full';
  const parts = partsOf(id, facts).map(movedOf);
  return accessLeft(
    {
      receivedMinor,
      // Who takes back all that his card paid has not paid the rest from his balance alone.
      paidMinor: Math.max(1, receivedMinor - Math.max(0, balanceMinor) - outsideMinor),
      refundedMinor: parts.reduce((sum, { refundedMinor }) => sum + refundedMinor, 0),
      creditedMinor: notedMinor(id, facts),
      disputes: parts.flatMap(({ disputes }) => disputes),
    },
    policy,
  );
}

/** What a payment gave back of the invoice: at most what it gave to it, refunds first, then what is lost, then what is disputed. */
function movedOf({ payment, amountMinor }: PaymentPart): Pick<MoneyMoved, 'refundedMinor' | 'disputes'> {
  let rest = amountMinor;
  const take = (minor: number): number => {
    const taken = Math.min(minor, rest);
    rest -= taken;
    return taken;
  };
  const refunded = take(refundedMinor(payment));
  const disputesOf = (state: 'lost' | 'open'): MoneyMoved['disputes'] =>
    payment.disputes.filter(({ status }) => status === state).map((dispute) => ({ ...dispute, amountMinor: take(dispute.amountMinor) }));
  return { refundedMinor: refunded, disputes: [...disputesOf('lost'), ...disputesOf('open')] };
}

function undoneBy({ id }: PaidInvoice, facts: SubscriptionFacts): 'refunded' | 'disputed' {
  const isLost = partsOf(id, facts).some(({ payment }) => payment.disputes.some(({ status }) => status === 'lost' || status === 'open'));
  return isLost ? 'disputed' : 'refunded';
}

function notedMinor(invoice: string, { creditNotes }: SubscriptionFacts): number {
  return creditNotes.reduce((sum, note) => sum + (note.invoice === invoice && note.status === 'issued' ? note.amountMinor : 0), 0);
}

interface PaymentPart {
  readonly payment: PaymentFacts;
  /** What the payment gave to the invoice. */
  readonly amountMinor: number;
}

/** The payments of which a part paid for the invoice, where a refund or a dispute of them is known. */
export function partsOf(invoice: string, { allocations, payments }: SubscriptionFacts): readonly PaymentPart[] {
  return payments.flatMap((payment) => {
    const given = allocations.filter((each) => isPaidBy(each, invoice) && each.payment === payment.reference.id);
    const amountMinor = given.reduce((sum, each) => sum + each.amountMinor, 0);
    return given.length > 0 ? [{ payment, amountMinor }] : [];
  });
}

/** The payment that paid for the invoice, by its id. Undefined: none is known. */
export function paymentOf(invoice: string, { allocations }: SubscriptionFacts): string | undefined {
  return allocations.find((each) => isPaidBy(each, invoice))?.payment;
}

function isPaidBy(allocation: SubscriptionFacts['allocations'][number], invoice: string): boolean {
  return allocation.invoice === invoice && allocation.status === 'paid';
}
