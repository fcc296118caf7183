// Why an order stands as it does, in Traditional Chinese.
import { rowWordsZhTw } from './row-words-zh-tw.ts';
import { say } from './sentence.ts';
import type { WhyWords } from './why-words.ts';

const found = { webhook: 'webhook ', poll: '輪詢', status_query: '狀態查詢', manual: '人工' } as const;

export const whyZhTw: WhyWords = {
  reviews: rowWordsZhTw.reviews,
  notPlaced: () => say`訂單尚未成立：收到的回報先等候。`,
  paidNotSaved: (who, money) => say`${who} 已付 ${money}，應有使用權，但商店尚未儲存。`,
  endNotSaved: (who, paused) => say`${who} ${paused ? '在爭議期間不應有使用權' : '不應再有使用權'}，但商店尚未儲存。`,
  tooLittle: (who, came, expected) => say`${who} 沒有使用權：實收 ${came}，應收 ${expected}。需由人工判斷。`,
  review: (who, has, review, money, open) =>
    say`${who} ${has ? '有' : '沒有'}使用權，${open === 1 ? '有一筆' : `${open} 筆待判斷的付款中，第一筆是`} ${money} 的付款需由人工判斷：${review}。`,
  disputed: (who, since, money) =>
    say`${who} 自 ${since} 起沒有使用權，因為 ${money} 的付款正在爭議中。結果由銀行決定，會員不需要再次付款。`,
  disputeLost: (who, since, money) => say`${who} 自 ${since} 起沒有使用權，因為 ${money} 的爭議敗訴。`,
  endedByReturn: (who, since, money) => say`${who} 自 ${since} 起沒有使用權，因為 ${money} 的銀行扣款遭退回。`,
  refunded: (who, since, money) => say`${who} 自 ${since} 起沒有使用權，因為已退款 ${money}。`,
  endedBy: (who, since, actor) => say`${who} 自 ${since} 起沒有使用權，由 ${actor} 決定。`,
  endedAgain: (who, since) => say`${who} 自 ${since} 起沒有使用權，因為這筆訂單已沒有採計的付款。`,
  active: (who) => say`${who} 有使用權。`,
  activeBy: (who, actor, money) => say`${who} 有使用權：${actor} 採計了 ${money} 的付款。`,
  restored: (who, since, money) => say`${who} 自 ${since} 起恢復使用權：${money} 的付款重新採計。`,
  granted: (who, source, money, after, webhook) => {
    const verb = source === 'webhook' ? '回報' : '找到';
    const because = say`${who} 有使用權：${found[source]}${after ? `在付款 ${after}後` : ''}${verb} ${money} 的付款。`;
    if (webhook === undefined) return because;
    return say`${because}${webhook === 'later' ? 'webhook 較晚才到，只是證實。' : '尚未收到 webhook。'}`;
  },
  awaiting: (who, money, until) => say`${who} 尚未付款：應收 ${money}${until && say`，有效至 ${until}`}。`,
  none: (who, money) => say`${who} 沒有使用權：應收 ${money}，沒有收到可採計的付款。`,
  withdrawn: (actor) => say`${actor} 撤回了訂單：不再接受付款。`,
};
