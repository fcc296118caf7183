// S3: until when the invoices pay. A line ends where a credit gives back what was left of it.
import { compareTexts, later } from './facts.ts';
import type { JudgedInvoice, PlanLine, Standing } from './invoices.ts';
import type { CoverLine } from './observation.ts';

/** A line of a plan, with the end that credits leave it. */
export interface Stretch extends PlanLine {
  readonly invoice: JudgedInvoice;
  readonly end: string;
}

/** How far invoices of one standing pay, and the stretch that reaches so far. */
export interface Reach {
  readonly end: string;
  readonly stretch: Stretch;
}

export function stretchesOf(invoices: readonly JudgedInvoice[]): readonly Stretch[] {
  const endOf = cutEnds(invoices);
  return invoices.flatMap((invoice) => invoice.lines.map((planLine) => ({ ...planLine, invoice, end: endOf(planLine.line) })));
}

/** The latest end of the base lines of that standing. Of equal ends that which was paid with money, then that of the first id. */
export function reachOf(stretches: readonly Stretch[], standing: Standing): Reach | undefined {
  let best: Stretch | undefined;
  for (const stretch of stretches) {
    if (!stretch.isBase || stretch.invoice.standing !== standing) continue;
    if (best === undefined || stretch.end > best.end || (stretch.end === best.end && isPreferred(stretch, best))) best = stretch;
  }
  return best && { end: best.end, stretch: best };
}

function isPreferred(a: Stretch, b: Stretch): boolean {
  return a.invoice.kind === 'money' && b.invoice.kind !== 'money';
}

/** S9: of the lines that stand and have begun, the one that began last; then the one that ends later, then by id. */
export function planAt(stretches: readonly Stretch[], seen: string): Stretch | undefined {
  const begun = stretches.filter(({ line, invoice }) => line.from <= seen && stands(invoice));
  return begun.reduce<Stretch | undefined>(
    (best, each) => (best === undefined || compareLines(each.line, best.line) > 0 ? each : best),
    undefined,
  );
}

function compareLines(a: CoverLine, b: CoverLine): number {
  return compareTexts(a.from, b.from) || compareTexts(a.to, b.to) || compareTexts(a.id, b.id);
}

export function stands({ standing }: JudgedInvoice): boolean {
  return standing === 'stands' || standing === 'held';
}

type LineOf = Pick<Stretch, 'line' | 'invoice'>;

interface Credit {
  readonly line: CoverLine;
  /** The lines of which it gives back what is left. */
  readonly credited: readonly CoverLine[];
  /** The lines that the member got in exchange: those of the same invoice that begin no later, and that it gives not back itself. */
  readonly exchanged: readonly CoverLine[];
}

/**
 * Answers the end of a line. What a credit leaves of a line is the latest end of what was got in exchange, which another credit
 * may cut again, as where somebody upgrades and then cancels. So the ends fall until they fall no further.
 */
function cutEnds(invoices: readonly JudgedInvoice[]): (line: CoverLine) => string {
  const credits = creditsOf(invoices);
  const ends = new Map<CoverLine, string>();
  const endOf = (line: CoverLine): string => ends.get(line) ?? line.to;
  for (let isFalling = true; isFalling; ) {
    isFalling = false;
    for (const { line: credit, credited, exchanged } of credits) {
      const left = exchanged.map(endOf).reduce(later, credit.from);
      for (const line of credited) {
        if (left >= endOf(line)) continue;
        ends.set(line, left);
        isFalling = true;
      }
    }
  }
  return endOf;
}

function creditsOf(invoices: readonly JudgedInvoice[]): readonly Credit[] {
  const charges = invoices.flatMap((invoice) => invoice.lines.map(({ line }) => ({ line, invoice })));
  const credits = invoices
    .filter(({ cuts }) => cuts)
    .flatMap((invoice) => invoice.fact.lines.filter(({ role }) => role === 'credit').map((line) => ({ line, invoice })));
  return credits.map((credit) => {
    const credited = charges.filter((charge) => isCredited(charge, credit));
    const own = charges.filter(({ line, invoice }) => invoice === credit.invoice && stands(invoice) && line.from <= credit.line.from);
    const exchanged = own.filter((charge) => !credited.includes(charge));
    return { line: credit.line, credited: credited.map(({ line }) => line), exchanged: exchanged.map(({ line }) => line) };
  });
}

/**
 * A credit gives back what is left of a line, so a line that ends before it does is another one, as where free time began a new
 * period within one that was paid. Of its own invoice it gives back only what began before it: what begins with it was got in exchange.
 */
function isCredited(charge: LineOf, credit: LineOf): boolean {
  const { from, to, price } = charge.line;
  const hasBegun = charge.invoice === credit.invoice ? from < credit.line.from : from <= credit.line.from;
  return price === credit.line.price && hasBegun && credit.line.to <= to;
}
