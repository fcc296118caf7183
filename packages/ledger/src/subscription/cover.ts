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

interface Credit {
  readonly line: CoverLine;
  readonly invoice: JudgedInvoice;
  /** The lines that the member got in exchange: those of the same invoice that begin no later than the credit. */
  readonly exchanged: readonly CoverLine[];
}

/**
 * Answers the end of a line. What a credit leaves of a line is the latest end of what was got in exchange; a later credit may
 * have cut that again, as where somebody upgrades and then cancels. Credits are walked from the last to the first, so that
 * each is asked for once, whatever they exchange.
 */
function cutEnds(invoices: readonly JudgedInvoice[]): (line: CoverLine) => string {
  const credits = creditsOf(invoices);
  const endsAfter: Map<CoverLine, string>[] = [];
  const endFrom = (line: CoverLine, first: number): string => {
    let end = line.to;
    for (let index = first; index < credits.length; index += 1) {
      const credit = credits[index] as Credit;
      if (!isCredited(line, credit.line)) continue;
      let left = credit.line.from;
      for (const [other, otherEnd] of endsAfter[index] ?? []) if (other !== line) left = later(left, otherEnd) ?? left;
      if (left < end) end = left;
    }
    return end;
  };
  for (let index = credits.length - 1; index >= 0; index -= 1) {
    endsAfter[index] = new Map((credits[index] as Credit).exchanged.map((line) => [line, endFrom(line, index + 1)]));
  }
  return (line) => endFrom(line, 0);
}

function creditsOf(invoices: readonly JudgedInvoice[]): readonly Credit[] {
  const credits = invoices.flatMap((invoice) =>
    invoice.cuts
      ? invoice.fact.lines.flatMap((line) => (line.role === 'credit' ? [{ line, invoice, exchanged: exchangedFor(line, invoice) }] : []))
      : [],
  );
  return credits.sort(
    (a, b) => compareTexts(a.line.from, b.line.from) || compareTexts(a.invoice.id, b.invoice.id) || compareTexts(a.line.id, b.line.id),
  );
}

function exchangedFor(credit: CoverLine, invoice: JudgedInvoice): readonly CoverLine[] {
  return stands(invoice) ? invoice.lines.flatMap(({ line }) => (line.from <= credit.from ? [line] : [])) : [];
}

function isCredited(line: CoverLine, credit: CoverLine): boolean {
  return line.price === credit.price && line.from <= credit.from && credit.from < line.to;
}
