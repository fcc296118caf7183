// The command `paidonce compare` compares the shop's own table of memberships with the log, and asks for the delivery of what
// the shop lacks.
import { readFileSync } from 'node:fs';
import {
  compareShop,
  type DifferenceKind,
  type LedgerMembership,
  type MembershipType,
  type ShopDifference,
} from '../audit/compare/compare.ts';
import { type ShopMembership, shopMembershipsIn } from '../audit/compare/shop-memberships.ts';
import { type Command, type Invocation, readingOptions } from '../command-line/command.ts';
import { grouped } from '../command-line/terminal.ts';
import { defined } from '../defined.ts';
import { LedgerError } from '../errors.ts';
import type { ManualAction } from '../observation.ts';
import { askDeliveries, type WantedMembership, whoAsks } from './ask-deliveries.ts';
import { asOfIn, measured, withCopy, withLog } from './open-log.ts';

export const compareCommand: Command = {
  positionals: [],
  details: [
    'The file is NDJSON or CSV with a heading: order, status (active, suspended, revoked, none), and where there are any',
    'sequence, member, plan. Without sequence, as while the ledger runs in shadow, none stands for no access, for any reason.',
    'The order is the membership: of a subscription its id. Where both stand in tables of their own, compare each with --only.',
    'Each line of the result is a membership that differs, with its kind; exits 3 where there is one. Without --repair it only reads.',
    '--repair asks for the delivery of what the shop lacks: any process of the shop that delivers takes it at once. Where the',
    'shop has the sequence already, the membership is decided again above it. What the log lacks it cannot repair: take it in',
    'from the provider first (paidonce-stripe backfill). A shop under load differs by what is being delivered: compare again.',
  ],
  options: {
    shop: { value: 'FILE', help: "the shop's memberships" },
    only: { value: 'TYPE', help: 'order or subscription: of which alone the file is; default: it has all memberships of both' },
    repair: { help: 'asks for delivery where the shop differs; needs --actor and --reason' },
    actor: { value: 'ID', help: 'who asks for it: an id, not a name' },
    reason: { value: 'TEXT', help: 'why: "the table was restored, ticket 12"' },
    ...readingOptions,
  },
  run: async (invocation) => {
    const { options, terminal } = invocation;
    if (!options.flag('repair')) options.refuse(['actor', 'reason'], 'is for --repair alone. Say --repair too, or leave it out');
    const shop = shopMembershipsIn(readText(options.required('shop', "the shop's memberships, as NDJSON or CSV")));
    const by = options.flag('repair') ? whoRepairs(invocation) : undefined;
    const only = onlyOf(options.text('only'));
    return withLog(invocation, async (log) => {
      const repairable: WantedMembership[] = [];
      const measure = measured(invocation, 'compare', log, withCopy(log, 1));
      const asOf = await asOfIn(invocation, log);
      const compared = await compareShop(log, shop, { ...asOf, ...defined({ only }), onEvents: measure.onEvents }, (difference) => {
        repairable.push(...repairOf(difference));
        terminal.out(options.flag('json') ? JSON.stringify(difference) : lineOf(difference));
      });
      const { orders, subscriptions, memberships, differing } = compared;
      const asked = by === undefined ? undefined : await askDeliveries(invocation, log, repairable, by);
      terminal.endProgress();
      if (options.flag('json')) terminal.out(JSON.stringify({ ...compared, ...(asked === undefined ? {} : { asked }) }));
      else {
        const inLog = [
          ...(only === 'subscription' ? [] : [`${grouped(orders)} orders`]),
          ...(only === 'subscription' || subscriptions > 0 ? [`${grouped(subscriptions)} subscriptions`] : []),
        ];
        terminal.out(`${inLog.join(', ')} and ${grouped(memberships)} memberships of the shop: ${grouped(differing)} differ.`);
        if (asked !== undefined) terminal.out(`Delivery was asked for ${grouped(asked)}. Compare again once the shop has run.`);
      }
      return differing === 0 ? 0 : 3;
    });
  },
};

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new LedgerError('invalid_input', `${file} cannot be read: ${(error as Error).message}`);
  }
}

function repairOf({ order: id, type = 'order', ledger, shop, repair }: ShopDifference): readonly WantedMembership[] {
  if (ledger === undefined || (repair !== 'deliver' && repair !== 'raise')) return [];
  const { sequence } = ledger;
  return [{ type, id, sequence, ...(repair === 'raise' ? defined({ stored: shop?.sequence }) : {}) }];
}

function onlyOf(text: string | undefined): MembershipType | undefined {
  if (text === undefined || text === 'order' || text === 'subscription') return text;
  throw new LedgerError('invalid_input', `--only is ${JSON.stringify(text)}. Give order or subscription`);
}

function whoRepairs({ options }: Invocation): ManualAction {
  if (options.text('as-of') !== undefined) throw new LedgerError('invalid_input', '--repair needs the log as it is now. Leave --as-of out');
  return whoAsks(options);
}

const kinds: Readonly<Record<DifferenceKind, string>> = {
  paid_not_fulfilled: 'paid, but not fulfilled',
  fulfilled_unpaid: 'fulfilled, but unpaid',
  access_ended: 'fulfilled, but access has ended',
  unknown_order: 'an unknown order',
  details: 'details differ',
};

const repairs: Readonly<Record<ShopDifference['repair'], string>> = {
  deliver: 'can be delivered again',
  raise: 'can be decided again above it',
  under_way: 'its delivery is under way',
  none: 'not in this log: take it in from the provider',
};

function lineOf({ order, kind, shop, ledger, repair: how }: ShopDifference): string {
  // Nothing can be delivered of an order that is placed, and for which nothing was decided.
  const repair = how === 'none' && ledger ? 'no payment counts here: end it in the shop, or find its payment' : repairs[how];
  return `${order}: ${kinds[kind]}: the shop has ${textOf(shop)}, the log ${textOf(ledger)}; ${repair}`;
}

function textOf(membership: Omit<ShopMembership, 'order'> | LedgerMembership | undefined): string {
  if (membership === undefined) return 'nothing';
  const { status, sequence, member, plan } = membership;
  const of = [
    sequence === undefined ? '' : ` (${sequence})`,
    member === undefined ? '' : ` of ${member}`,
    plan === undefined ? '' : `, ${plan}`,
  ];
  return `${status}${of.join('')}`;
}
