// A member: all orders, the histories of the newest 20, what people did, and what the shop says.
import { isId } from '@paidonce/ledger/adapter';
import { ConsoleProblem } from '../../console-call.ts';
import { accessOf } from '../charts/access-spans.ts';
import type { Loaded, PageCall } from '../page-route.ts';
import { type MemberData, memberPage } from '../pages/member.ts';
import { describe } from './ask-shop.ts';
import { pageFrom } from './parameters.ts';

const drawnOrders = 20;
const rowsOfActivity = 10;
const shownSubscriptions = 20;

export async function loadMember(call: PageCall): Promise<Loaded> {
  const { ledger, params, console } = call;
  const memberId = params['memberId'] ?? '';
  if (!isId(memberId)) throw new ConsoleProblem(404, 'not_found', `${String(params['memberId']).slice(0, 128)}: not found.`);
  const [orders, activity, described, subscriptions] = await Promise.all([
    ledger.console.memberOrders(memberId, pageFrom(call)),
    ledger.console.activity({ memberId, limit: rowsOfActivity }),
    describe(console, memberId),
    ledger.console.subscriptions?.ofMember(memberId, { limit: shownSubscriptions }),
  ]);
  const drawn = orders.items.slice(0, drawnOrders);
  const histories = await Promise.all(drawn.map(async ({ orderId }) => [orderId, accessOf(await ledger.history(orderId))] as const));
  const ofSubscriptions = subscriptions === undefined ? {} : { subscriptions };
  const hooked = described === undefined ? {} : { described };
  const data: MemberData = { memberId, orders, access: new Map(histories), activity, ...ofSubscriptions, ...hooked };
  const json = {
    memberId,
    orders,
    activity,
    ...ofSubscriptions,
    ...(described === undefined || described === 'silent' ? {} : { described }),
  };
  return {
    data: json,
    status: orders.items.length + (subscriptions?.items.length ?? 0) === 0 ? 404 : 200,
    page: (context) => memberPage(context, data),
  };
}
