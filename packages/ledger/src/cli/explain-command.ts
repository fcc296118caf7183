// The command `paidonce explain` says in plain words why an order or a subscription has its membership, or why a member has access.

import { type Explanation, explainMember, explainOrder } from '../audit/explain/explain.ts';
import { explainMemberSubscriptions, explainSubscription, type SubscriptionExplanation } from '../audit/explain/explain-subscription.ts';
import { explanationLines, memberLines } from '../audit/explain/explanation-lines.ts';
import type { Language } from '../audit/explain/language.ts';
import { subscriptionLines } from '../audit/explain/subscription-lines.ts';
import type { LogReader } from '../audit/log/log-reader.ts';
import { type Command, type Invocation, readingOptions } from '../command-line/command.ts';
import { LedgerError } from '../errors.ts';
import type { Position } from '../event-store/event-store.ts';
import { findOwner } from './find-order.ts';
import { asOfIn, measured, withLog } from './open-log.ts';

export const explainCommand: Command = {
  positionals: ['[ID]'],
  details: [
    'ID is any id that the log holds: of the order or subscription, an invoice, a payment, a session, a refund, a dispute, an event, or an address with one in it.',
    'With --member: the same of each order and subscription of a member, for "had they access on that day?" with --as-of.',
  ],
  options: {
    ...readingOptions,
    member: { value: 'MEMBER', help: 'every order and subscription of this member' },
    all: { help: 'a line for each event, with the law that it keeps. Default: events that belong together in one row' },
    lang: { value: 'en|zh-TW', help: 'the language. Default: en, or zh-TW where LANG says so' },
  },
  run: async (invocation) => {
    const { options, positionals, terminal } = invocation;
    const [given] = positionals;
    const member = options.text('member');
    if ((given === undefined) === (member === undefined))
      throw new LedgerError('invalid_input', 'Name an order or a subscription, or a member with --member');
    const language = languageOf(options.text('lang'), invocation.env['LANG']);
    return withLog(invocation, async (log) => {
      const asOf = await asOfIn(invocation, log);
      const found = given === undefined ? await ofMember(member ?? '', invocation, log, asOf) : await ofId(given, invocation, log, asOf);
      const { orders, subscriptions } = found;
      if (orders.length + subscriptions.length === 0) {
        const then = asOf.asOf === undefined ? '' : ` as of ${options.text('as-of')}`; // Show what the user typed, such as a day.
        throw new LedgerError(
          'order_unknown',
          `${log.name} knows no order and no subscription of member ${member}${then}. Is it the right log?`,
        );
      }
      if (options.flag('json')) {
        const all = [...orders, ...subscriptions];
        terminal.out(JSON.stringify(member === undefined ? all[0] : all));
      } else for (const line of linesOf(found, member, { language, past: 'asOf' in asOf, every: options.flag('all') })) terminal.out(line);
      return 0;
    });
  },
};

/** What is explained. */
interface Found {
  readonly orders: readonly Explanation[];
  readonly subscriptions: readonly SubscriptionExplanation[];
}

function linesOf(
  { orders, subscriptions }: Found,
  member: string | undefined,
  how: { readonly language: Language; readonly past: boolean; readonly every: boolean },
): readonly string[] {
  if (member !== undefined) return memberLines(member, orders, { ...how, subscriptions });
  return [
    ...orders.flatMap((each) => explanationLines(each, how.language, how)),
    ...subscriptions.flatMap((each) => subscriptionLines(each, how.language, how)),
  ];
}

async function ofId(given: string, invocation: Invocation, log: LogReader, asOf: { readonly asOf?: Position }): Promise<Found> {
  const owner = await findOwner(invocation, log, given, asOf);
  const order = 'orderId' in owner ? await explainOrder(log, owner.orderId, asOf) : undefined;
  const subscription = 'subscriptionId' in owner ? await explainSubscription(log, owner.subscriptionId, asOf) : undefined;
  return { orders: order ? [order] : [], subscriptions: subscription ? [subscription] : [] };
}

/** Explains all orders and subscriptions of a member. Reads the whole log to find them, once for each of the two. */
async function ofMember(member: string, invocation: Invocation, log: LogReader, asOf: { readonly asOf?: Position }): Promise<Found> {
  const measure = measured(invocation, 'explain', log);
  let read = 0;
  const onEvents = (events: number): void => {
    read = events;
    measure.onEvents(events);
  };
  const orders = await explainMember(log, member, { ...asOf, onEvents });
  const subscriptions = await explainMemberSubscriptions(log, member, asOf);
  const found = `orders of member ${member}: ${orders.length}, subscriptions: ${subscriptions.length}`;
  invocation.terminal.err(`Searched ${measure.end(read)}; ${found}.`);
  return { orders, subscriptions };
}

function languageOf(given: string | undefined, lang = ''): Language {
  if (given === undefined) return /^zh[_-](?:TW|HK|Hant)/i.test(lang) ? 'zh-TW' : 'en';
  if (given === 'en' || given === 'zh-TW') return given;
  throw new LedgerError('invalid_input', `--lang ${given} is not known. It speaks en and zh-TW`);
}
