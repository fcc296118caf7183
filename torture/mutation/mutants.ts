// The judgement on a run of Stryker: each mutant is killed by a test, or accepted with a reason. What is accepted must live.

/** Mutants that nobody can tell from the code, on one line of a file. They are named by their text: numbers of lines change. */
export interface Accepted {
  /** From the root of the repository. */
  readonly file: string;
  /** The line on which they begin, without its indentation. */
  readonly line: string;
  /** Why no test can kill them, or none should. */
  readonly reason: string;
  readonly mutants: readonly AcceptedMutant[];
}
export interface AcceptedMutant {
  /** By Stryker's name, as `ConditionalExpression`. */
  readonly mutator: string;
  /** The text that is replaced, each white space in it one blank. */
  readonly original: string;
  readonly replacement: string;
}

/** The fields that are read of Stryker's report, in the schema of mutation-testing-elements. */
export interface Report {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly ReportedMutant[] }>>;
}
interface ReportedMutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly location: { readonly start: Position; readonly end: Position };
  readonly status: string;
  readonly statusReason?: string;
}
/** From 1 on. */
interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Mutant extends AcceptedMutant {
  readonly file: string;
  readonly line: string;
  /** `line:column`. */
  readonly place: string;
}
export interface FileRow {
  readonly file: string;
  readonly mutants: number;
  readonly killed: number;
  readonly accepted: number;
  /** Left out: they are in what the module computes as it loads, its tables and schemas. A run of the file alone has them. */
  readonly tables: number;
}
export interface Judgement {
  /** A row for each file, in the order of the report. */
  readonly files: readonly FileRow[];
  /** No test has killed them, and nobody has accepted them. */
  readonly living: readonly Mutant[];
  /** Accepted of a file of the report, and killed, or no more there. */
  readonly stale: readonly (Accepted & { readonly mutant: AcceptedMutant })[];
}

/** A test failed, or waited without end, or could not be loaded. */
const killed: readonly string[] = ['Killed', 'Timeout', 'RuntimeError'];

export function judge(report: Report, accepted: readonly Accepted[]): Judgement {
  const known = new Map(
    accepted.flatMap((entry) => entry.mutants.map((mutant) => [nameOf({ ...entry, ...mutant }), { ...entry, mutant }])),
  );
  const met = new Set<string>();
  const living: Mutant[] = [];
  const files = Object.entries(report.files).map(([file, { source, mutants }]) => {
    const tried = mutants.filter(({ status }) => status !== 'Ignored');
    const alive = tried.filter(({ status }) => !killed.includes(status)).map((mutant) => mutantIn(file, source, mutant));
    const unknown = alive.filter((mutant) => !known.has(nameOf(mutant)));
    const untried = mutants.filter(({ status }) => status === 'Ignored').map((mutant) => mutantIn(file, source, mutant));
    for (const mutant of [...alive, ...untried]) met.add(nameOf(mutant));
    living.push(...unknown);
    const tables = mutants.filter(({ statusReason = '' }) => statusReason.startsWith('Static')).length;
    return { file, mutants: tried.length, killed: tried.length - alive.length, accepted: alive.length - unknown.length, tables };
  });
  const stale = [...known].filter(([name, { file }]) => file in report.files && !met.has(name)).map(([, entry]) => entry);
  return { files, living, stale };
}

/** Whether all of it holds. */
export function isProven({ living, stale }: Judgement): boolean {
  return living.length === 0 && stale.length === 0;
}

/** Each white space one blank: so a longer name above it, which breaks the line anew, changes nothing. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

function mutantIn(file: string, source: string, { mutatorName, replacement = '', location: { start, end } }: ReportedMutant): Mutant {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  const line = (lines[0] ?? '').trim();
  const last = lines.length - 1;
  const original = lines
    .map((text, index) => text.slice(index === 0 ? start.column - 1 : 0, index === last ? end.column - 1 : undefined))
    .join('\n');
  return {
    file,
    line,
    place: `${start.line}:${start.column}`,
    mutator: mutatorName,
    original: oneLine(original),
    replacement: oneLine(replacement),
  };
}

function nameOf({ file, line, mutator, original, replacement }: Omit<Mutant, 'place'>): string {
  return [file, line, mutator, original, replacement].join('\n');
}
