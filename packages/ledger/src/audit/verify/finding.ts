// What an audit found: which event breaks which rule, what was expected there, and what was found there.
import type { LogRow } from '../log/log-row.ts';

/** Each rule as one sentence, for `--help`, the summary and the docs. */
export const rules = {
  file: 'A SQLite file is undamaged, and holds the tables that the ledger made, and no trigger, view, table or index besides.',
  positions: 'Positions have no gaps, and the last one given is in the log (SQLite gives each once).',
  streams: 'Each event belongs to one stream that the log names, and each stream is one of ours.',
  readable: 'A running ledger can read each stream: nobody deleted it on the server, or hides events by $maxCount, $maxAge or $tb.',
  revisions: "Revisions of a stream are 0, 1, 2…, and the stream's head is its newest event.",
  'stored-text': 'Data and metadata are the JSON that the ledger wrote.',
  'recorded-at': 'No event of a stream is recorded before the one that it follows.',
  schema: 'Each event parses at its schema version.',
  policy:
    'Each append to an order or a subscription names a policy of its kind that was adopted before it, and a policy is named by its content.',
  append: 'Events of one append share their time, cause, instance and policy.',
  decision: 'Each append adds what the decider makes of the facts before it, under the policy that it names; nothing more or less.',
  'law-2': 'An order is granted once.',
  'law-3': 'A payment belongs to one order or subscription, by a link that stands before its use.',
  'law-4': 'Access follows payments: each change of it, and no other, is a decision.',
  'law-5': 'The same fact from the same source stands once.',
  'law-6': 'What was undone stays undone until a restoring fact, a new payment or a person says otherwise.',
  'law-7': 'What was held for lack of an owner has reached its owner.',
  'law-9': 'A delivery belongs to a decision, and deliveries never run backwards.',
  'law-s3': 'Only paid invoices grant, extend or restore a subscription.',
  'law-s4': 'A subscription is granted once, and an invoice grants or extends it once.',
  'law-s5': 'What was given back or is in dispute suspends or revokes a subscription, and nothing else does but a pause.',
  'law-s7': 'What the provider has ended gives no access again, unless a person accepted an invoice that was paid after the end.',
  'law-s11': 'A subscription ends where a look at the provider found nothing more, or the provider ended it.',
  'law-s13': 'One subscription of a kind at a time holds the slot of its member.',
  clock: 'What the provider said is no more than a day ahead of the time at which it was recorded.',
  sweep: 'Rounds of a sweep are 1, 2, 3…, and only a round that was started is finished.',
  run: 'A bulk run handles each of its orders once, in turn, and one runs at a time.',
  checkpoint: 'The log begins with what each signed checkpoint covers.',
} as const;

/** The name of a rule. */
export type Rule = keyof typeof rules;

/** One broken rule. The fields of the event are absent if the finding is about a whole stream or the whole log. */
export interface Finding {
  readonly rule: Rule;
  /** The stream's name, or a text in parentheses such as `(the whole log)`. */
  readonly stream: string;
  readonly revision?: number;
  readonly position?: string;
  readonly eventId?: string;
  readonly type?: string;
  /** What the rule demands here. */
  readonly expected: string;
  /** What the log has here. */
  readonly found: string;
}

/** Receives each finding. */
export type Report = (finding: Finding) => void;

/** Makes a finding about one event. */
export function findingAt(
  row: Pick<LogRow, 'stream' | 'revision' | 'position' | 'id' | 'type'>,
  rule: Rule,
  expected: string,
  found: string,
): Finding {
  return { rule, stream: row.stream, revision: row.revision, position: row.position, eventId: row.id, type: row.type, expected, found };
}

const longest = 400;

/** Returns the event as one line of text, at most 400 characters long. */
export function eventText(what: { readonly type: string; readonly data: object } | undefined): string {
  if (what === undefined) return 'nothing';
  const text = `${what.type} ${JSON.stringify(what.data)}`;
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
