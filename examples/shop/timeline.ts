// Makes the history of an order in plain words from its events. The rows, and what they say, are the ledger's own: the console and
// `paidonce explain` have the same. It is pure.
import { isPaid, type OrderEvent, readOrderEvent, type Source, type StoredEvent } from '@paidonce/ledger';
import { explainHistory, type Row, rowsOf, rowText, sentenceText } from '@paidonce/ledger/audit';
import { type Decision, decisionLabels, sourceNames, timeOfDay } from './labels.ts';

export type Effect = 'granted' | 'restored' | 'suspended' | 'revoked' | 'review' | 'confirmed' | 'recorded' | 'nothing';

export interface Entry {
  readonly at: string;
  readonly who: string;
  readonly title: string;
  /** What happened in a sentence, what the shop made of it, and the events that are folded into the row. */
  readonly details: readonly string[];
  /** What it led to. Only what a source reported has an effect, and the redirect, whose effect is always `nothing`. */
  readonly effect?: Effect;
}

/** Makes the timeline. @param returnedAt when the browser came to the success page: a note of the shop, no event. */
export function timelineOf(orderId: string, history: readonly StoredEvent[], returnedAt: string | null): readonly Entry[] {
  const entries = rowsOf(explainHistory(orderId, history)?.entries ?? []).map(entryOf);
  return returnedAt === null ? entries : [...entries, returnEntry(returnedAt)].toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

function entryOf(row: Row): Entry {
  const { title, detail, source, reason, below, folded } = rowText(row, 'en');
  // A checkout is open until the same time of another day.
  const time = (iso: string): string => (iso.slice(0, 10) === row.at.slice(0, 10) ? timeOfDay(iso) : sentenceText([{ time: iso }]));
  const details = [
    ...(detail ? [sentenceText(detail, time)] : []),
    ...(reason === undefined ? [] : [`“${reason}”`]),
    ...below.flatMap(({ head, note, lines }) => [
      `${sentenceText(head)}${note ? `: ${sentenceText(note)}` : ''}`,
      ...lines.map((line) => sentenceText(line, time)),
    ]),
    ...(folded?.lines.map(({ at, source: of, evidence }) => `${time(at)} ${sourceNames[of]}, ${evidence}`) ?? []),
  ];
  const effect = effectOf(row);
  return { at: row.at, who: whoOf(row, source), title: sentenceText(title), details, ...(effect === undefined ? {} : { effect }) };
}

function whoOf(row: Row, source: Source | undefined): string {
  if (row.kind === 'person') return 'Support';
  if (row.kind === 'placed' || row.kind === 'attached') return 'Shop';
  if (row.kind === 'observed') return sourceNames[row.reports[0]?.report.source ?? 'webhook'];
  return source === undefined ? 'Ledger' : sourceNames[source];
}

function effectOf(row: Row): Effect | undefined {
  if (row.kind === 'decided') return decisionLabels[row.decision.decision];
  if (row.kind === 'review') return 'review';
  if (row.kind === 'observed') return row.news === undefined ? 'confirmed' : 'recorded';
  return undefined;
}

/** Returns the answer to "why does this customer have access, or not?". */
export function verdictOf(history: readonly StoredEvent[]): string {
  const events = history.map(readOrderEvent);
  const decisions = events.filter(isDecision);
  const paidBy = events.flatMap((event) => (event.type === 'PaymentObserved' && isPaid(event.data.fact) ? [event.data.source] : []));
  const [granted] = decisions;
  if (!granted) {
    if (paidBy.length === 0) return 'No source has said "paid", so there is no membership.';
    return 'A payment came, but it does not count until a person has looked at it.';
  }
  const others = [...new Set(paidBy)].filter((source) => source !== granted.data.source).map(nameInSentence);
  const confirmed = others.length === 0 ? 'No other source has confirmed it yet.' : `${capitalised(listed(others))} only confirmed it.`;
  const newest = decisions.at(-1) ?? granted;
  const since = newest === granted ? '' : ` ${capitalised(decisionLabels[newest.type])} since, by ${nameInSentence(newest.data.source)}.`;
  return `Granted once, by ${nameInSentence(granted.data.source)}. ${confirmed}${since}`;
}

function isDecision(event: OrderEvent): event is Decision {
  return Object.hasOwn(decisionLabels, event.type);
}

function returnEntry(at: string): Entry {
  const details = ['Anybody can open that address. The redirect granted nothing; the page could only ask.'];
  return { at, who: 'Browser', title: 'The customer came back to the success page', details, effect: 'nothing' };
}

function nameInSentence(source: Source): string {
  return source === 'manual' ? 'support' : `the ${sourceNames[source].toLowerCase()}`;
}

function listed(items: readonly string[]): string {
  return new Intl.ListFormat('en').format(items);
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
