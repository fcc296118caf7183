// The words for a subscription, in Traditional Chinese.
import { rowWordsZhTw } from './row-words-zh-tw.ts';
import { say } from './sentence.ts';
import type { SubscriptionWords } from './subscription-words.ts';

const times = (quantity: number): string => (quantity === 1 ? '' : ` × ${quantity}`);
const statuses = { active: '有效', suspended: '暫停', revoked: '已終止' } as const;
/** A space stands between Latin script and Chinese. */
const apart = (text: string): string => (/\w$/.test(text) ? `${text} ` : text);

export const subscriptionWordsZhTw: SubscriptionWords = {
  heading: (subscription, member, plan, quantity) =>
    say`訂閱 ${subscription}${member && say`，會員 ${member}，方案 ${plan}${times(quantity)}`}`,
  notPlaced: () => say`訂閱尚未成立：收到的回報先等候。`,
  neverGranted: () => say`從未開通：沒有收到可採計的方案付款。`,
  standing: (status, since, isTrial) => say`會員資格${statuses[status]}，自 ${since} UTC 起${isTrial && '（試用）'}。`,
  wouldEnd: (at) => say`若未續費，將於 ${at} 結束。`,
  undelivered: (decided, delivered) => say`${decided} 項決定中，商店已接收 ${delivered} 項。`,
  outcomes: {
    granted: '已開通',
    extended: '已展延',
    plan_changed: '已變更方案',
    adjusted: '已調整期限',
    suspended: '已暫停',
    restored: '已恢復',
    ended: '已結束',
    revoked: '已撤銷',
  },
  extendedTo: (paidThrough) => say`展延至 ${paidThrough}`,
  grantedTo: (paidThrough) => say`開通至 ${paidThrough}`,
  changedPlan: (plan, quantity) => say`方案變更為 ${plan}${times(quantity)}`,
  adjustedTo: (validUntil) => say`使用期限調整為 ${validUntil}`,
  endedOn: (at) => say`於 ${at} 結束`,
  because: (decision, why) => say`${decision}，因為${why}`,
  ranOut: (paidThrough, end, source, looked) =>
    say`${paidThrough && say`已付至 ${paidThrough}，`}到 ${end} 仍未續費，${apart(rowWordsZhTw.sources[source])}於 ${looked} 在 Stripe 確認`,
  namely: (decision, how) => say`${decision}：${how}`,
  said: (source, actor, fact, evidence) =>
    say`${actor ? say` ${actor} ` : ` ${apart(rowWordsZhTw.sources[source])}`}表示${fact}（${evidence}）`,
  ruled: (actor) => say` ${actor} 作此決定`,
  accessUntil: (validUntil) => say`使用權至 ${validUntil}，含寬限期。`,
  lifecycles: {
    incomplete: '尚未開始：首次付款未完成',
    incomplete_expired: '從未開始：首次付款逾期',
    trialing: '試用中',
    active: '有效',
    past_due: '逾期：續費尚未付款',
    unpaid: '未付款：Stripe 已停止收款',
    paused: '已暫停',
    canceled: '已取消',
  },
  fact: (fact, money) => {
    switch (fact.kind) {
      case 'invoice':
        if (fact.status === 'paid') return say`發票 ${{ id: fact.id }}${money && say`（${money}）`}已付款`;
        if (fact.status === 'open' && fact.terms) return say`發票 ${{ id: fact.id }} 待付款，期限 ${{ time: fact.terms.dueAt }}`;
        return say`發票 ${{ id: fact.id }} ${{ open: '待付款', void: '已作廢', uncollectible: '無法收款' }[fact.status]}`;
      case 'allocation':
        return fact.status === 'paid'
          ? say`${{ id: fact.payment }} 支付了發票 ${{ id: fact.invoice }}${money && say`（${money}）`}`
          : say`發票 ${{ id: fact.invoice }} 的付款 ${{ id: fact.payment }} 已取消`;
      case 'credit_note':
        return fact.status === 'issued'
          ? say`折讓單 ${{ id: fact.id }} 退回發票 ${{ id: fact.invoice }}${money && say`（${money}）`}`
          : say`發票 ${{ id: fact.invoice }} 的折讓單 ${{ id: fact.id }} 已作廢`;
      case 'lifecycle':
        return say`訂閱${subscriptionWordsZhTw.lifecycles[fact.status]}${fact.collectionPaused && '，暫停收款'}`;
      case 'refund':
        return say`${{ id: fact.payment.id }} 的退款 ${{ id: fact.id }}${money && say`（${money}）`}${rowWordsZhTw.refunds[fact.status]}`;
      case 'dispute':
        return say`${{ id: fact.payment.id }} 的${fact.returnedDebit ? '扣款退回' : '爭議'} ${{ id: fact.id }}${money && say`（${money}）`}${rowWordsZhTw.disputes[fact.status]}`;
    }
  },
  reviews: {
    paid_after_end: '在結束後才付款',
    paid_for_the_past: '付款時期間已過',
    credit_of_unpaid: '折抵了沒有人付款的期間',
    unknown_price: '付款的價格不屬於任何方案',
    two_plans: '包含兩個方案',
    double_subscription: '是這位會員的第二個訂閱',
    shared_payment: '與另一個訂閱共用一筆付款',
    dispute_past_period: '有爭議，但期間已過',
    metered_only: '只按用量計費，沒有預付期間',
    subscription_missing: '在 Stripe 查不到',
    currency: '付款幣別不同',
    mode: '付款模式不同（測試或正式）',
    account: '付款進入其他帳戶',
    conflicting_evidence: '有兩種互相矛盾的回報',
    claimed_by_two: '由兩方主張',
  },
  review: (kind, invoice) => say`${invoice ? say`發票 ${invoice} ` : '訂閱'}${subscriptionWordsZhTw.reviews[kind]}；需由人工查看。`,
  placed: (plan, member) => say`訂閱成立：方案 ${plan}，會員 ${member}`,
  imported: () => say`（匯入）`,
  checkout: (id) => say`開啟結帳 ${id}`,
  belongs: (reference) => say`${reference} 自此屬於本訂閱`,
  accessStays: () => say`使用權不變。`,
  waits: () => say`訂閱尚未成立，先等候。`,
  confirmed: () => say`重複已知的事；沒有改變`,
  doubtful: () => say`來源的時鐘可疑，其時間不予採用。`,
  resolutions: { grant: '予以採計', revoke: '不予採計', dismiss: '結案，維持不變' },
  shopAhead: (sequence) => say`商店已有決定 ${sequence}，而這份日誌沒有，因此在其上重新陳述會員資格`,
  reviewEnded: (reviewId, how) => say`審核 ${reviewId}：${subscriptionWordsZhTw.resolutions[how]}`,
  resolved: (actor, reviewId, how) => say`${actor} 完成審核 ${reviewId}：${subscriptionWordsZhTw.resolutions[how]}`,
  fullStop: '。',
  space: '',
};
