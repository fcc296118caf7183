// The words for the rows of a timeline, in Traditional Chinese.
import type { AttemptStatus, Source } from '../../observation.ts';
import type { DecisionType } from '../../order/events.ts';
import { disputes, refunds } from './messages-zh-tw.ts';
import type { RowWords } from './row-words.ts';
import { say } from './sentence.ts';

const sources: Readonly<Record<Source, string>> = { webhook: 'webhook', poll: '輪詢', status_query: '狀態查詢', manual: '人工' };
const afterDecision: Readonly<Record<DecisionType, string>> = {
  MembershipGranted: '開通後',
  MembershipSuspended: '決定後',
  MembershipRestored: '決定後',
  MembershipRevoked: '決定後',
};
const attempts: Readonly<Record<AttemptStatus, string>> = {
  processing: '付款處理中',
  awaiting_customer: '等待顧客付款',
  authorized: '付款已授權，尚未請款',
  attempt_failed: '本次付款失敗，顧客可再試',
  canceled: '付款已取消',
  expired: '結帳已過期，未付款',
  failed: '付款失敗',
};

/** A space stands between Latin script and Chinese. */
const apart = (text: string): string => (/\w$/.test(text) ? `${text} ` : text);

/** `a`, `a與 b`, `a、b 與c`, with spaces around Latin script. */
function listed(items: readonly string[]): string {
  const joinedBy = (left: string, mark: string, right: string): string =>
    `${mark === '與' ? apart(left) : left}${mark}${/^\w/.test(right) && mark === '與' ? ' ' : ''}${right}`;
  if (items.length < 2) return items.join('');
  return joinedBy(items.slice(0, -1).join('、'), '與', items.at(-1) ?? '');
}

export const rowWordsZhTw: RowWords = {
  space: '',
  comma: '，',
  fullStop: '。',
  sources,
  sourceNames: { webhook: 'Webhook', poll: '輪詢', status_query: '狀態查詢', manual: '人工' },
  decisions: {
    MembershipGranted: '已開通會員資格',
    MembershipSuspended: '已暫停會員資格',
    MembershipRestored: '已恢復會員資格',
    MembershipRevoked: '已撤銷會員資格',
  },
  attempts,
  refunds,
  disputes,
  reviews: {
    amount: '付款金額低於訂單應收金額',
    currency: '付款幣別與訂單不同',
    mode: '付款模式與訂單不同（測試或正式）',
    account: '付款進入其他帳戶',
    overpaid: '付款金額高於訂單應收金額',
    conflicting_evidence: '對同一筆付款的回報互相矛盾',
    claimed_by_two: '兩筆訂單主張同一筆付款',
    refunds_exceed: '退款總額高於實收金額',
    withdrawn: '訂單撤回後才付款',
    paid_again: '會員資格終止後再次付款',
  },
  resolutions: { grant: '予以採計', revoke: '不予採計', dismiss: '結案，維持不變', moved: '已移動' },
  placed: (money) => say`訂單成立，應收 ${money}`,
  plan: (plan) => say`方案 ${plan}`,
  checkoutOpened: (id, after, until) => say`${after}後開啟結帳 ${id}${until && say`，有效至 ${until}`}`,
  laterCheckout: () => say`開啟結帳`,
  checkout: (id, until) => say`結帳 ${id}${until && say`，有效至 ${until}`}`,
  belongsHere: (id) => say`${id} 自此屬於本訂單`,
  notDelivered: (title) => say`${title}，未交付`,
  paid: (money) => say`已付 ${money}`,
  refund: (money, status) => say`退款 ${money}：${status}`,
  dispute: (money, status, returnedDebit) => say`${returnedDebit ? '扣款退回' : '爭議'} ${money}：${status}`,
  needsReview: (title) => say`${title}，待審核`,
  reported: (source, actor) => {
    if (actor !== undefined) return say`${actor} 登錄`;
    return source === 'poll' ? say`輪詢發現` : say`${apart(sources[source])}回報`;
  },
  reportedPaid: (who, id, money) => say`${who} ${id} 已付款 ${money}。`,
  reportedAttempt: (who, id, status) => say`${who} ${id}：${attempts[status]}。`,
  reportedRefund: (who, id, money, status, payment) => say`${who} ${payment} 的退款 ${id}（${money}）${rowWordsZhTw.refunds[status]}。`,
  reportedDispute: (who, id, money, status, returnedDebit) =>
    say`${who} ${money} 的${returnedDebit ? '扣款退回' : '爭議'} ${id}：${disputes[status]}。`,
  timeAtStripe: (time) => say`Stripe 的時間是 ${time}。`,
  disputeSuspends: () => say`政策：爭議進行中則暫停。`,
  less: (money) => say`比應收少 ${money}，因此不予採計。`,
  more: (money) => say`比應收多 ${money}；予以採計。`,
  accessStays: () => say`使用權不變。`,
  waits: () => say`訂單尚未成立，先等候。`,
  held: () => say`當時不知屬於哪筆訂單，列為待認領。`,
  cameBeforePlaced: () => say`在訂單成立之前收到。`,
  saved: (after) => say`商店於 ${after}後儲存`,
  decisionAttempt: (sequence, attempt) => say`決定 ${sequence}，${attempt === 1 ? '第一次就成功' : `第 ${attempt} 次成功`}`,
  imported: () => say`匯入前商店已有；沒有另行通知`,
  found: () => say`商店早已有；沒有另行通知`,
  waiting: () => say`商店尚未儲存`,
  replaced: (by) => say`未儲存：由決定 ${by} 取代`,
  couldNotSave: (count) => say`商店無法儲存：已試 ${count} 次`,
  moreAttempts: (count) => say`另外 ${count} 項`,
  timeout: '逾時未回應',
  unnamedError: '錯誤',
  nextAttempt: (time, instance) => say`下次重試 ${time}${instance && say`，由執行個體 ${instance}`}`,
  abandoned: () => say`已停止重試：須由人工重新交付`,
  decision: (sequence) => say`決定 ${sequence}`,
  reviewOpen: (reviewId) => say`審核 ${reviewId} 待處理`,
  nothingSent: () => say`沒有通知商店`,
  reviewEnded: (reviewId, how) =>
    how === 'moved' ? say`審核 ${reviewId} 結束：付款已移動` : say`審核 ${reviewId}：${rowWordsZhTw.resolutions[how]}`,
  by: (actor) => say`由 ${actor}`,
  confirmedBy: (of, more) => {
    const names = of.map((source) => sources[source]);
    const first = names[0] ?? '';
    return say`由${/^\w/.test(first) ? ' ' : ''}${apart(listed(more > 0 ? [...names, `另外 ${more} 個事件`] : names))}證實`;
  },
  olderReports: (count) => say`${count} 個較舊的回報`,
  noChange: (time, after, several) => {
    if (after === undefined) return say`${time}內；沒有改變`;
    return say`${afterDecision[after]} ${time}${several ? '內' : ''}；沒有改變`;
  },
  recordedByHand: (actor) => say`${actor} 人工登錄付款`,
  resolved: (actor, reviewId, how) => say`${actor} 完成審核 ${reviewId}：${rowWordsZhTw.resolutions[how]}`,
  withdrew: (actor) => say`${actor} 撤回訂單`,
  moved: (actor, payment, toOrder) => say`${actor} 將 ${payment} 移到訂單 ${toOrder}`,
  askedDelivery: (actor, sequence) => say`${actor} 重新交付決定 ${sequence}`,
  linked: (actor, payment) => say`${actor} 將 ${payment} 連結到本訂單`,
  rechecked: (actor) => say`${actor} 向 Stripe 重新查詢`,
  objectsRead: (read, recorded) => say`讀取 ${read} 個物件，${recorded === 0 ? '沒有新資訊' : `${recorded} 項新資訊`}。`,
  savedNow: () => say`商店已儲存。`,
  failedAgain: (error) => say`交付失敗：${error}。`,
  policyChanged: () => say`此後適用另一份政策`,
  policy: (to, from) => say`${to}，先前 ${from}。事實下次變動時生效。`,
  shopAhead: (sequence) => say`商店已有決定 ${sequence}，而這份日誌沒有：日誌比商店舊。`,
  gap: (ms) => say`${Math.floor(ms / 86_400_000)} 天沒有事件`,
};
