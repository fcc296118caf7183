// The auditor of access: he adds up the money that the provider has received and given back, day by day, and knows no rule of
// access. He says when a member must be in at the least, and beyond which time nobody may be in. Times are days.

export interface SoldLine {
  readonly plan: string;
  readonly from: number;
  readonly to: number;
  readonly minor: number;
  /** True: it takes back, also what had cost nothing. Default: where it is below 0. */
  readonly isCredit?: boolean;
}

/** What the provider was paid for one invoice, and gave back of it. */
export interface Sale {
  readonly invoice: string;
  readonly paidOn: number;
  /** What each line sold, and what credits took back (below 0), less discounts, before tax. Only lines that carry a plan. */
  readonly lines: readonly SoldLine[];
  /** What was paid for it in all, from whatever pocket. 0: nothing was asked for. */
  readonly wholeMinor: number;
  /** Given back so far, in whatever way. */
  readonly backMinor: number;
  /** True: the customer's bank holds it back until a dispute is settled. */
  readonly isFoughtOver: boolean;
  /** Given where the invoice asks for nothing. */
  readonly gift?: 'trial' | 'free';
}

/** What the provider knows at one time. */
export interface Books {
  readonly sales: readonly Sale[];
  /** The same, where the provider gave back what nobody had paid: without that, and without what was got for it. Default: the same. */
  readonly paidSales?: readonly Sale[];
  /** True: nobody may be in while it lasts. */
  readonly paused: boolean;
  /** From then on nobody may be in. */
  readonly endedOn?: number;
  /** True: the provider asks again for what is owed. */
  readonly isLate: boolean;
  /** The open invoices that were sent with terms: for which stretch, and until when they may be paid. */
  readonly terms: readonly { readonly from: number; readonly until: number }[];
}

export interface Generosity {
  /** `late`: for who has paid money before, and is late. `silent`: for everybody else. */
  readonly graceDays: { readonly late: number; readonly silent: number };
  readonly gifts: readonly NonNullable<Sale['gift']>[];
}

export interface Bounds {
  /** True: he has paid for this very day. */
  readonly mustBeIn: boolean;
  /** The end of the stretch, without a hole, that he has paid for. Absent: he need not be in. */
  readonly promisedUntil?: number;
  /** The plans that this day was paid for. */
  readonly plans: readonly string[];
  /** Beyond it nobody may be in. -Infinity: he may not be in at all. */
  readonly mayBeInUntil: number;
  /** True: he was given back what reaches furthest, so that he fell not silent and has no grace. */
  readonly isGivenBack: boolean;
}

/** A smaller share of all that is added up is the rounding of prorations: times are in days, and a stretch may last a second. */
const nothingShare = 1e-5;

export function audit(books: Books, day: number, { graceDays, gifts }: Generosity): Bounds {
  const untilDay = (sales: readonly Sale[]): readonly Sale[] => sales.filter(({ paidOn }) => paidOn <= day);
  const [known, paid] = [untilDay(books.sales), untilDay(books.paidSales ?? books.sales)];
  const edges = [...new Set(known.flatMap(({ lines }) => lines.flatMap(({ from, to }) => [from, to])))].sort((a, b) => a - b);
  const paidAt = (time: number): boolean => moneyOf(known, time) > 0;
  const givenAt = (time: number): boolean =>
    known.some(({ gift, lines, backMinor, wholeMinor }) => {
      // Beside what is asked for, what costs nothing comes with it.
      const alongside = backMinor < wholeMinor ? lines.filter(({ minor, isCredit }) => minor === 0 && isCredit !== true) : [];
      const given = gift === undefined ? alongside : gifts.includes(gift) ? lines : [];
      return given.some((line) => line.from <= time && time < line.to);
    });
  // Between two edges nothing changes.
  const lastEnd = (isCovered: (time: number) => boolean): number =>
    Math.max(Number.NEGATIVE_INFINITY, ...edges.filter((_edge, index) => index > 0 && isCovered(edges[index - 1]!)));
  const [paidUntil, givenUntil] = [
    Math.max(
      lastEnd(paidAt),
      lastEnd((time) => moneyOf(paid, time) > 0),
    ),
    lastEnd(givenAt),
  ];
  const isShut = books.paused || (books.endedOn !== undefined && books.endedOn <= day);
  const mustBeIn = !isShut && paidAt(day) && moneyOf(paid, day) > 0 && !isDoubtful(known, day) && !isOwed(known, day);
  const end = Math.max(paidUntil, givenUntil);
  const isGivenBack = end > Number.NEGATIVE_INFINITY && givenBackUntil(known) > end;
  const byMoney = books.isLate && paidUntil >= givenUntil ? graceDays.late : graceDays.silent;
  // Who may pay later holds the stretch after what he has paid, and no further one.
  const byTerms = books.terms.filter(({ from }) => from <= end).map(({ until }) => until + graceDays.silent - end);
  const grace = isGivenBack ? 0 : Math.max(byMoney, ...byTerms);
  const hole = edges.find((edge) => edge > day && !(paidAt(edge) && moneyOf(paid, edge) > 0));
  return {
    mustBeIn,
    ...(mustBeIn && hole !== undefined ? { promisedUntil: Math.min(hole, books.endedOn ?? hole) } : {}),
    plans: [...new Set(known.flatMap(({ lines }) => lines.map(({ plan }) => plan)))].filter((plan) => moneyOf(known, day, plan) > 0),
    mayBeInUntil: isShut ? Number.NEGATIVE_INFINITY : Math.min(books.endedOn ?? Number.POSITIVE_INFINITY, end + grace),
    isGivenBack,
  };
}

/** The end of what was given back in full. */
function givenBackUntil(known: readonly Sale[]): number {
  const takenBack = known.filter(({ backMinor, wholeMinor }) => wholeMinor > 0 && backMinor >= wholeMinor);
  return Math.max(Number.NEGATIVE_INFINITY, ...takenBack.flatMap(({ lines }) => lines.map(({ to, minor }) => (minor > 0 ? to : 0))));
}

/** What pays for this instant, in minor units a day. */
function moneyOf(sales: readonly Sale[], time: number, plan?: string): number {
  let [minor, turnover] = [0, 0];
  for (const { lines, wholeMinor, backMinor } of sales) {
    const kept = wholeMinor > 0 ? Math.max(0, 1 - backMinor / wholeMinor) : 1;
    for (const line of lines) {
      if (plan !== undefined && line.plan !== plan) continue;
      if (time < line.from || line.to <= time) continue;
      const perDay = (kept * line.minor) / (line.to - line.from);
      minor += perDay;
      turnover += Math.abs(perDay);
    }
  }
  return Math.abs(minor) > turnover * nothingShare ? minor : 0;
}

/** True where what pays for this day may yet be taken back. */
function isDoubtful(sales: readonly Sale[], time: number): boolean {
  return sales.some(({ isFoughtOver, lines }) => isFoughtOver && lines.some((line) => line.from <= time && time < line.to));
}

/** True where a sale credits more of this time than was paid for it until then: what is left beside it is a part of the price. */
function isOwed(sales: readonly Sale[], time: number): boolean {
  return sales.some((sale) => {
    const credits = sale.lines.filter(({ minor }) => minor < 0);
    if (!credits.some(({ from, to }) => from <= time && time < to)) return false;
    const before = sales.filter((other) => other !== sale && other.paidOn <= sale.paidOn);
    return moneyOf([...before, { ...sale, lines: credits }], time) < 0;
  });
}
