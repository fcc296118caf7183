// A small model of a provider's billing for one subscription: it makes invoices, takes money and gives it back, and tells what
// its objects are. Beside that it keeps the books that the auditor reads. Months have 30 days and years 360, so that the
// price of a day is a whole number. Times are days.
import type { Random } from '../testing/simulation/random.ts';
import type { Books, Sale } from './auditor.test-support.ts';
import type { CoverLine, InvoiceReason, Lifecycle, MoneyBack, PaidInvoice, SubscriptionFact } from './observation.ts';
import type { SubscriptionPolicy } from './policy.ts';
import { dayOf, onDay, sources, statement, type Telling } from './tellings.test-support.ts';

export interface Price {
  readonly price: string;
  readonly product: string;
  /** Absent: an add-on, which no plan names. */
  readonly plan?: 'gold' | 'silver';
  readonly days: number;
  readonly minor: number;
}
const price = (name: string, days: number, minor: number, plan?: Price['plan']): Price => ({
  price: `price_${name}`,
  product: `prod_${name.split('_')[0]}`,
  days,
  minor,
  ...(plan && { plan }),
});
export const prices: Readonly<Record<'gold' | 'silver' | 'goldYearly' | 'silverYearly' | 'addon', Price>> = {
  gold: price('gold', 30, 6_000, 'gold'),
  silver: price('silver', 30, 3_000, 'silver'),
  goldYearly: price('gold_yearly', 360, 57_600, 'gold'),
  silverYearly: price('silver_yearly', 360, 28_800, 'silver'),
  addon: price('addon', 30, 900),
};
export const plansOfLives: SubscriptionPolicy['plans'] = { gold: ['price_gold', 'price_gold_yearly'], silver: ['prod_silver'] };

type Line = Omit<CoverLine, 'from' | 'to' | 'product' | 'price'> & { readonly from: number; readonly to: number; readonly of: Price };

interface Invoice {
  readonly id: string;
  readonly reason: InvoiceReason;
  readonly lines: readonly Line[];
  readonly discountMinor: number;
  readonly taxMinor: number;
  readonly totalMinor: number;
  readonly gift?: Sale['gift'];
  readonly terms?: { readonly dueAt: string; readonly from: string };
  status: 'open' | 'paid' | 'void' | 'uncollectible';
  paidOn?: number;
  balanceMinor: number;
  writtenOffMinor: number;
  /** Paid from a card, by these payments. */
  readonly payments: { readonly id: string; readonly minor: number }[];
  backMinor: number;
  foughtOver: boolean;
}

export interface InvoiceOptions {
  readonly reason: InvoiceReason;
  readonly lines: readonly Line[];
  /** Whole percent off each line that is no credit. */
  readonly percentOff?: number;
  readonly setupFeeMinor?: number;
  readonly gift?: Sale['gift'];
  /** Sent, to be paid within so many days. */
  readonly dueInDays?: number;
}

type LifecycleChange = { readonly [K in keyof Lifecycle]?: Lifecycle[K] | undefined };

export class Billing {
  readonly tellings: Telling[] = [];
  readonly booksAt: Books[] = [];
  today = 0;
  /** What recurs. */
  item: Price;
  quantity = 1;
  taxPercent = 0;
  percentOff = 0;
  balanceMinor = 0;
  periodEnd = 0;
  /** The lines that wait for the next invoice. */
  #pending: Line[] = [];
  #lifecycle: Lifecycle;
  readonly #random: Random;
  readonly #invoices: Invoice[] = [];
  #numbers = 0;
  #ticks = 0;

  constructor(random: Random, item: Price) {
    this.#random = random;
    this.item = item;
    this.#lifecycle = { kind: 'lifecycle', status: 'incomplete', customer: 'cus_1', items: [] };
  }

  get invoices(): readonly Invoice[] {
    return this.#invoices;
  }

  get lastInvoice(): Invoice {
    return this.#invoices.at(-1)!;
  }

  wait(days: number): void {
    this.today += days;
    if (days > 0) this.#ticks = 0;
  }

  /** No two tellings have one time. Lines and ends lie on whole days all the same. */
  #time(): number {
    this.#ticks += 1;
    return this.today + this.#ticks / 5_000;
  }

  /** Each fact in an event of its own, or all in one telling. */
  tell(facts: readonly SubscriptionFact[], occurredOn?: number): void {
    const statements = facts.map((fact) =>
      statement(fact, this.#time(), occurredOn === undefined ? {} : { occurredAt: onDay(occurredOn) }),
    );
    const source = this.#random.pick(sources);
    const together = this.#random.chance(0.3) ? [statements] : statements.map((each) => [each]);
    for (const each of together) this.#push({ statements: each, source });
  }

  /** The subscription and all its invoices, read now: all of one time, the earliest of the reads. */
  look(): void {
    const facts = this.#invoices.slice(-2).flatMap((invoice) => factsOf(invoice));
    const time = this.#time();
    const read = facts.map((fact) => statement(fact, this.#time()));
    this.#push({ statements: [...read, statement(this.#lifecycle, time)], source: 'poll', look: onDay(time) });
  }

  /** Changes it, and tells it. `undefined` takes a field away. */
  lifecycle(change: LifecycleChange): void {
    this.become(change);
    this.tell([this.#lifecycle]);
  }

  /** Changes it, and tells nobody. */
  become(change: LifecycleChange): void {
    const items = [{ price: this.item.price, quantity: this.quantity }];
    const fields = Object.entries({ ...this.#lifecycle, items, ...change }).filter(([, value]) => value !== undefined);
    this.#lifecycle = Object.fromEntries(fields) as unknown as Lifecycle;
  }

  /** True if the rest of the running period is paid, and was not given back: then a change credits what was paid. */
  get isPaid(): boolean {
    const covers = ({ of, from, to }: Line): boolean => of === this.item && from <= this.today && to >= this.periodEnd;
    const isKept = (each: Invoice): boolean => each.status === 'paid' && each.backMinor === 0 && !each.foughtOver;
    return this.periodEnd > this.today && this.#invoices.some((each) => isKept(each) && each.lines.some(covers));
  }

  get status(): Lifecycle['status'] {
    return this.#lifecycle.status;
  }

  line(role: CoverLine['role'], from: number, to: number, of: Price = this.item, quantity: number = this.quantity): Line {
    const minor = Math.round((of.minor * quantity * (to - from)) / of.days);
    this.#numbers += 1;
    return {
      id: `il_${String(this.#numbers).padStart(3, '0')}`,
      role,
      from,
      to,
      of,
      quantity,
      netMinor: role === 'credit' ? -minor : minor,
    };
  }

  /** Makes and finalizes it; it is paid by `pay`. */
  invoice({ reason, lines, percentOff = this.percentOff, setupFeeMinor = 0, gift, dueInDays }: InvoiceOptions): Invoice {
    const discountMinor = lines.reduce((sum, { netMinor }) => sum + (netMinor > 0 ? Math.round((netMinor * percentOff) / 100) : 0), 0);
    const less = lines.map((line) => ({
      ...line,
      netMinor: line.netMinor > 0 ? Math.round((line.netMinor * (100 - percentOff)) / 100) : line.netMinor,
    }));
    const net = less.reduce((sum, { netMinor }) => sum + netMinor, setupFeeMinor);
    const taxMinor = Math.round((net * this.taxPercent) / 100) + 0; // Never −0.
    const base = lines.find(({ role }) => role === 'base') ?? lines[0];
    this.#numbers += 1;
    const invoice: Invoice = {
      id: `in_${this.#numbers}`,
      reason,
      lines: less.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      discountMinor,
      taxMinor,
      totalMinor: net + taxMinor,
      ...(gift && { gift }),
      ...(dueInDays === undefined || !base ? {} : { terms: { dueAt: onDay(this.today + dueInDays), from: onDay(base.from) } }),
      status: 'open',
      balanceMinor: 0,
      writtenOffMinor: 0,
      payments: [],
      backMinor: 0,
      foughtOver: false,
    };
    this.#invoices.push(invoice);
    if (invoice.terms || this.#random.chance(0.3)) this.tell(factsOf(invoice));
    return invoice;
  }

  /** From the balance first, the rest by card, in one payment or two; outside the provider where it is said so. */
  pay(
    invoice: Invoice = this.lastInvoice,
    { outside = false, writtenOffMinor = 0 }: { readonly outside?: boolean; readonly writtenOffMinor?: number } = {},
  ): Invoice {
    const due = invoice.totalMinor - writtenOffMinor;
    if (due < 0) this.balanceMinor -= due;
    invoice.balanceMinor = Math.min(this.balanceMinor, Math.max(0, due));
    if (due > 0) this.balanceMinor -= invoice.balanceMinor;
    invoice.writtenOffMinor = writtenOffMinor;
    invoice.status = 'paid';
    invoice.paidOn = this.today;
    const rest = due - invoice.balanceMinor;
    if (rest > 0 && !outside) {
      const first = this.#random.chance(0.85) ? rest : Math.ceil(rest / 2);
      for (const minor of [first, rest - first]) if (minor > 0) invoice.payments.push({ id: `pi_${++this.#numbers}`, minor });
    }
    // An adapter looks where no line of a plan costs anything: a trial is told by the lifecycle.
    if (invoice.gift) this.look();
    else this.tell(factsOf(invoice), this.today);
    return invoice;
  }

  /** Makes, pays and tells the invoice of the next period, with what waits for it. */
  renew(options: Partial<InvoiceOptions> & { readonly unpaid?: boolean } = {}): Invoice {
    const [from, to] = [this.periodEnd, this.periodEnd + this.item.days];
    const lines = [...this.#pending, this.line('base', from, to)];
    this.#pending = [];
    this.periodEnd = to;
    const invoice = this.invoice({ reason: 'cycle', lines, ...options });
    return options.unpaid === true ? invoice : this.pay(invoice);
  }

  /** A change of price or seats now: the rest is credited, and charged anew. `anchor`: a new period begins now. */
  change(to: Price, quantity: number, how: 'invoice_now' | 'next_invoice' | 'anchor_now'): Invoice | undefined {
    const credit = this.#creditOfTheRest();
    const isAnchor = how === 'anchor_now' || to.days !== this.item.days;
    const end = isAnchor ? this.today + to.days : this.periodEnd;
    const lines = [credit, this.line(isAnchor ? 'base' : 'proration', this.today, end, to, quantity)];
    this.item = to;
    this.quantity = quantity;
    this.periodEnd = end;
    this.lifecycle({});
    if (how === 'next_invoice' && !isAnchor) {
      this.#pending.push(...lines);
      return undefined;
    }
    return this.invoice({ reason: 'update', lines });
  }

  /** Gives the rest of the running period back, to the balance. */
  creditRest(): Invoice {
    return this.invoice({ reason: 'update', lines: [this.#creditOfTheRest()] });
  }

  #creditOfTheRest(): Line {
    const line = this.line('credit', this.today, this.periodEnd);
    const credits = this.#invoices.findLast(
      ({ status, lines }) => status !== 'void' && lines.some(({ of, role }) => role !== 'credit' && of === this.item),
    )?.id;
    return { ...line, netMinor: Math.round((line.netMinor * (100 - this.percentOff)) / 100), ...(credits !== undefined && { credits }) };
  }

  refund(invoice: Invoice, minor: number, status: 'succeeded' | 'failed' = 'succeeded', id: string = `re_${++this.#numbers}`): string {
    let rest = minor;
    for (const [index, payment] of invoice.payments.entries()) {
      const amountMinor = Math.min(rest, payment.minor);
      rest -= amountMinor;
      invoice.backMinor += status === 'succeeded' ? amountMinor : -amountMinor;
      if (amountMinor > 0) this.tell([{ kind: 'refund', id: `${id}_${index}`, status, amountMinor, payment: referenceOf(payment.id) }]);
    }
    return id;
  }

  /** A credit note for all or a part, to the balance. */
  note(invoice: Invoice, amountMinor: number, status: 'issued' | 'void' = 'issued', id: string = `cn_${++this.#numbers}`): string {
    invoice.backMinor += status === 'issued' ? amountMinor : -amountMinor;
    this.balanceMinor += status === 'issued' ? amountMinor : -amountMinor;
    this.tell([{ kind: 'credit_note', id, invoice: invoice.id, status, amountMinor }]);
    return id;
  }

  dispute(invoice: Invoice, status: 'open' | 'won' | 'lost', movements: number, id: string = `dp_${invoice.id}`): void {
    for (const payment of invoice.payments) {
      const fact: MoneyBack = {
        kind: 'dispute',
        id: `${id}_${payment.id}`,
        status,
        amountMinor: payment.minor,
        returnedDebit: false,
        movements,
        payment: referenceOf(payment.id),
      };
      if (status === 'lost') invoice.backMinor += payment.minor;
      // Who takes back all that his card has paid has not paid the rest from his balance alone.
      if (status === 'lost' && payment === invoice.payments.at(-1)) invoice.backMinor = invoice.totalMinor;
      invoice.foughtOver = true;
      this.tell([fact]);
    }
    invoice.foughtOver = status === 'open';
    this.booksAt[this.booksAt.length - 1] = this.#books();
  }

  settle(invoice: Invoice, status: 'void' | 'uncollectible'): void {
    invoice.status = status;
    this.tell(factsOf(invoice));
  }

  #push(telling: Telling): void {
    this.tellings.push(telling);
    this.booksAt.push(this.#books());
  }

  #books(): Books {
    const { status, endedAt } = this.#lifecycle;
    const terms = this.#invoices.flatMap((each) => (each.status === 'open' && each.terms ? [each.terms] : []));
    return {
      sales: this.#invoices.filter((each) => each.status === 'paid').map(saleOf),
      paused: status === 'paused',
      isLate: status === 'past_due',
      terms: terms.map(({ from, dueAt }) => ({ from: dayOf(from), until: dayOf(dueAt) })),
      ...(endedAt === undefined ? {} : { endedOn: dayOf(endedAt) }),
    };
  }
}

function referenceOf(id: string): MoneyBack['payment'] {
  return { provider: 'stripe', account: 'acct_1', livemode: true, id };
}

function factsOf(invoice: Invoice): readonly SubscriptionFact[] {
  const { id, status, reason, terms, discountMinor, taxMinor, totalMinor, balanceMinor, writtenOffMinor, lines, payments } = invoice;
  if (status !== 'paid') return [{ kind: 'invoice', id, status, ...(terms && status === 'open' ? { terms } : {}) }];
  const paidByCard = payments.reduce((sum, { minor }) => sum + minor, 0);
  const outsideMinor = Math.max(0, totalMinor - writtenOffMinor - balanceMinor - paidByCard);
  const paid: PaidInvoice = {
    kind: 'invoice',
    id,
    status,
    reason,
    currency: 'usd',
    totalMinor,
    discountMinor,
    taxMinor,
    balanceMinor,
    outsideMinor,
    writtenOffMinor,
    lines: lines.map(({ of, from, to, ...line }) => ({ ...line, price: of.price, product: of.product, from: onDay(from), to: onDay(to) })),
  };
  const allocations = payments.map(
    (payment, index): SubscriptionFact => ({
      kind: 'allocation',
      id: `inpay_${id}_${index}`,
      invoice: id,
      payment: payment.id,
      status: 'paid',
      amountMinor: payment.minor,
    }),
  );
  return [paid, ...allocations];
}

function saleOf({ id, paidOn = 0, lines, totalMinor, writtenOffMinor, backMinor, foughtOver, gift }: Invoice): Sale {
  const wholeMinor = Math.max(0, totalMinor - writtenOffMinor);
  const share = totalMinor > 0 ? wholeMinor / totalMinor : 1;
  return {
    invoice: id,
    paidOn,
    lines: lines.flatMap(({ of, from, to, netMinor }) =>
      of.plan === undefined ? [] : [{ plan: of.plan, from, to, minor: netMinor * share }],
    ),
    wholeMinor,
    backMinor,
    isFoughtOver: foughtOver,
    ...(gift && { gift }),
  };
}
