// What a route reads from the form of an action: who signs it, which revision he saw, and why. A field that is wrong sends the form
// back with what was typed; nothing is done then.
import { LedgerError, type ManualAction } from '@paidonce/ledger';
import { type ConsoleCall, ConsoleProblem } from '../../console-call.ts';

/** What is wrong with a field. Each has a sentence in the catalogue. */
export type FieldProblem =
  | 'missing'
  | 'reason_too_long'
  | 'reason_not_plain'
  | 'reason_has_address'
  | 'amount_unclear'
  | 'payment_id'
  | 'time_unclear'
  | 'time_ahead'
  | 'currency_unknown'
  | 'order_unknown'
  | 'refused';

/** A field is wrong: 422, with the form and what was typed. */
export class FormProblem extends Error {
  override readonly name = 'FormProblem';
  readonly field: string;
  readonly problem: FieldProblem;
  /** What the ledger said of it. Absent: the catalogue has a sentence. */
  readonly detail?: string;

  constructor(field: string, problem: FieldProblem, detail?: string) {
    super(`${field}: ${problem}`);
    this.field = field;
    this.problem = problem;
    if (detail !== undefined) this.detail = detail;
  }
}

/** The text of a field; empty where it is absent or no text. */
export function textOf({ fields }: Pick<ConsoleCall, 'fields'>, name: string): string {
  const value = fields[name];
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value.trim() : '';
}

/** @throws FormProblem: it is empty. */
export function requiredText(call: Pick<ConsoleCall, 'fields'>, name: string): string {
  const text = textOf(call, name);
  if (text === '') throw new FormProblem(name, 'missing');
  return text;
}

const longestReason = 500;
/** An address with a domain, wherever it stands: the log keeps the reason for ever. */
const address = /[^\s@<>"']+@[^\s@<>"']+\.[A-Za-z]{2,}/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for.
const unprintable = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/** @throws FormProblem: the reason is missing, too long, or looks like an e-mail address and `keepReason` is not given. */
export function signedBy(call: Pick<ConsoleCall, 'fields' | 'operator'>): ManualAction {
  const reason = requiredText(call, 'reason');
  if (reason.length > longestReason) throw new FormProblem('reason', 'reason_too_long');
  if (unprintable.test(reason)) throw new FormProblem('reason', 'reason_not_plain');
  if (address.test(reason) && textOf(call, 'keepReason') !== '1') throw new FormProblem('reason', 'reason_has_address');
  return { actor: call.operator.actor, reason };
}

/** @throws ConsoleProblem 400: it is missing, or no revision. Without it nobody knows what the person had seen. */
export function seenIn(call: Pick<ConsoleCall, 'fields'>, name = 'seenRevision'): number {
  const text = textOf(call, name);
  if (!/^\d{1,9}$/.test(text))
    throw new ConsoleProblem(400, 'invalid_input', `${name} is missing or no number: open the order, and send its form. Nothing was done.`);
  return Number(text);
}

/** What the ledger refuses of a form is a matter of the form: it comes back with the ledger's sentence. */
export async function asFormProblem<T>(field: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'invalid_input') throw new FormProblem(field, 'refused', error.message);
    throw error;
  }
}

/** In UTC, ISO 8601, of a local time as a browser sends it (`2026-11-29T10:00`), or of one that names its zone. Undefined: it is none. */
export function typedTime(text: string, timeZone: string): string | undefined {
  if (!isDay(text.slice(0, 10))) return undefined;
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/.test(text)) return isoOf(Date.parse(text));
  const [, date, time, seconds = '00'] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::(\d\d)(?:\.\d{1,3})?)?$/.exec(text) ?? [];
  if (date === undefined || time === undefined) return undefined;
  const wanted = Date.parse(`${date}T${time}:${seconds}Z`);
  if (Number.isNaN(wanted)) return undefined;
  // Twice: the offset at the first guess may be that of the other side of a change of clocks.
  let guess = wanted;
  for (let round = 0; round < 2; round++) guess = wanted - (localMs(guess, timeZone) - guess);
  return localMs(guess, timeZone) === wanted ? isoOf(guess) : undefined;
}

/** The 30th of February would otherwise be a day in March. */
function isDay(date: string): boolean {
  const ms = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(date);
}

function isoOf(ms: number): string | undefined {
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

/** What the clocks of the zone show at that time, read as if it were UTC. */
function localMs(ms: number, timeZone: string): number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', dateStyle: 'short', timeStyle: 'medium' });
  const at = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = at as Record<string, number>;
  return Date.UTC(year < 100 ? 2000 + year : year, month - 1, day, hour, minute, second);
}
