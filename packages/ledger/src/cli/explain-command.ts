// The command `paidonce explain` says in plain words why an order has its membership, or why a member has access.

import { type Explanation, explainMember, explainOrder } from '../audit/explain/explain.ts';
import { explanationLines, memberLines } from '../audit/explain/explanation-lines.ts';
import type { Language } from '../audit/explain/language.ts';
import type { LogReader } from '../audit/log/log-reader.ts';
import { type Command, type Invocation, readingOptions } from '../command-line/command.ts';
import { LedgerError } from '../errors.ts';
import type { Position } from '../event-store/event-store.ts';
import { findOrder } from './find-order.ts';
import { asOfIn, measured, withLog } from './open-log.ts';

export const explainCommand: Command = {
  name: 'explain',
  positionals: ['[ID]'],
  summary:
    'Shows why an order has its membership: who reported what and when, what granted, who confirmed, what was ignored and by which law.',
  details: [
    'ID is any id that the log holds: of the order, a payment, a session, a refund, a dispute, an event, or an address with one in it.',
    'With --member: the same of each order of a member, for "had they access on that day?" with --as-of.',
  ],
  options: {
    ...readingOptions,
    member: { value: 'MEMBER', help: 'every order of this member' },
    all: { help: 'a line for each event, with the law that it keeps. Default: events that belong together in one row' },
    lang: { value: 'en|zh-TW', help: 'the language. Default: en, or zh-TW where LANG says so' },
  },
  run: async (invocation) => {
    const { options, positionals, terminal } = invocation;
    const [given] = positionals;
    const member = options.text('member');
    if ((given === undefined) === (member === undefined))
      throw new LedgerError('invalid_input', 'Name an order, or a member with --member');
    const language = languageOf(options.text('lang'), invocation.env['LANG']);
    return withLog(invocation, async (log) => {
      const asOf = await asOfIn(invocation, log);
      const one = given === undefined ? undefined : await explainOrder(log, await findOrder(invocation, log, given, asOf), asOf);
      const explanations = member === undefined ? (one ? [one] : []) : await ordersOf(member, invocation, log, asOf);
      if (explanations.length === 0) {
        const then = asOf.asOf === undefined ? '' : ` as of ${options.text('as-of')}`; // Show what the user typed, such as a day.
        throw new LedgerError('order_unknown', `${log.name} knows no order of member ${member}${then}. Is it the right log?`);
      }
      if (options.flag('json')) terminal.out(JSON.stringify(member === undefined ? explanations[0] : explanations));
      else
        for (const line of linesOf(explanations, member, { language, past: 'asOf' in asOf, every: options.flag('all') }))
          terminal.out(line);
      return 0;
    });
  },
};

function linesOf(
  explanations: readonly Explanation[],
  member: string | undefined,
  how: { readonly language: Language; readonly past: boolean; readonly every: boolean },
): readonly string[] {
  if (member !== undefined) return memberLines(member, explanations, how);
  return explanations.flatMap((each) => explanationLines(each, how.language, how));
}

/** Explains all orders of a member. Reads the whole log to find them. */
async function ordersOf(
  member: string,
  invocation: Invocation,
  log: LogReader,
  asOf: { readonly asOf?: Position },
): Promise<readonly Explanation[]> {
  const measure = measured(invocation, 'explain', log);
  let read = 0;
  const explanations = await explainMember(log, member, {
    ...asOf,
    onEvents: (events) => {
      read = events;
      measure.onEvents(events);
    },
  });
  invocation.terminal.err(`${explanations.length} of the orders in ${measure.end(read)} are of member ${member}.`);
  return explanations;
}

function languageOf(given: string | undefined, lang = ''): Language {
  if (given === undefined) return /^zh[_-](?:TW|HK|Hant)/i.test(lang) ? 'zh-TW' : 'en';
  if (given === 'en' || given === 'zh-TW') return given;
  throw new LedgerError('invalid_input', `--lang ${given} is not known. It speaks en and zh-TW`);
}
