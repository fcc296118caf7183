// An explanation in Traditional Chinese.
import type { AttemptStatus, DisputeStatus, RefundStatus } from '../../observation.ts';
import { durationText } from './duration.ts';
import { errorText, type Messages, timeText } from './messages.ts';

const attempts: Readonly<Record<AttemptStatus, string>> = {
  processing: '處理中',
  awaiting_customer: '等待顧客操作',
  authorized: '已授權，尚未請款',
  attempt_failed: '本次付款失敗',
  canceled: '已取消',
  expired: '已過期',
  failed: '付款失敗',
};
export const refunds: Readonly<Record<RefundStatus, string>> = {
  pending: '處理中',
  requires_action: '需要操作',
  succeeded: '已成功',
  canceled: '已取消',
  failed: '失敗',
};
export const disputes: Readonly<Record<DisputeStatus, string>> = {
  inquiry: '詢問中',
  open: '進行中',
  prevented: '已避免',
  lost: '敗訴',
  won: '勝訴',
};

export const traditionalChinese: Messages = {
  space: '',
  // A space between Chinese and Latin script.
  finish: (line) => line.replace(/([\w)])([\u4e00-\u9fff])/g, '$1 $2').replace(/([\u4e00-\u9fff])([\w(])/g, '$1 $2'),
  sources: { webhook: 'webhook', poll: '輪詢', status_query: '狀態查詢', manual: '人工' },
  memberships: { none: '無', active: '有效', suspended: '暫停', revoked: '已撤銷' },
  decisions: {
    MembershipGranted: '開通會員資格',
    MembershipSuspended: '暫停會員資格',
    MembershipRestored: '恢復會員資格',
    MembershipRevoked: '撤銷會員資格',
  },
  reviews: {
    amount: '付款金額低於訂單應收金額',
    currency: '付款幣別不符',
    mode: '付款模式不符（測試或正式）',
    account: '付款進入其他帳戶',
    overpaid: '付款金額高於訂單應收金額',
    refunds_exceed: '退款總額高於實收金額',
    withdrawn: '訂單撤回後才付款',
    conflicting_evidence: '對同一筆付款的回報互相矛盾',
    claimed_by_two: '兩筆訂單都主張這筆付款',
    paid_again: '會員資格結束後又付了一次款',
  },
  resolutions: { grant: '予以採計', revoke: '不予採計', dismiss: '結案，維持不變' },
  fact: (fact, payment, money) => {
    switch (fact.kind) {
      case 'attempt':
        return fact.status === 'paid'
          ? `${payment} 已付款 ${money(fact.amount.totalMinor, fact.amount.currency)}`
          : `${payment} ${attempts[fact.status]}`;
      case 'refund':
        return `${payment} 的退款 ${fact.id} ${refunds[fact.status]}（${money(fact.amountMinor)}）`;
      case 'dispute':
        return `${payment} 的${fact.returnedDebit ? '扣款退回' : '爭議'} ${fact.id} ${disputes[fact.status]}（${money(fact.amountMinor)}）`;
    }
  },
  duration: (ms) => durationText(ms, 'zh-TW'),
  summary: {
    access: (memberId, { orders, subscriptions }, past) => {
      const by = [
        ...(orders.length > 0 ? [`訂單 ${orders.join('、')}`] : []),
        ...(subscriptions.length > 0 ? [`訂閱 ${subscriptions.join('、')}`] : []),
      ];
      return by.length === 0
        ? `會員 ${memberId} ${past ? '當時' : '目前'}沒有會員資格：以下所列的都未給予。`
        : `會員 ${memberId} ${past ? '當時' : '目前'}有會員資格，來自${by.join('與')}。`;
    },
    heading: ({ orderId, memberId, plan }) =>
      memberId === undefined ? `訂單 ${orderId}` : `訂單 ${orderId}，會員 ${memberId}，方案 ${plan}`,
    membership: (status, since) =>
      status === 'none'
        ? '沒有會員資格：沒有收到可採計的付款。'
        : `會員資格${traditionalChinese.memberships[status]}，自 ${since} UTC 起。`,
    granted: (because) => `開通的原因：${because}。`,
    changed: ({ decision, at }, because) => `${timeText(at)} ${traditionalChinese.decisions[decision]}的原因：${because}。`,
    reported: ({ source, evidence, by }, fact) =>
      `${by ? by.actor : traditionalChinese.sources[source]}表示 ${fact}（${evidence.eventId ?? evidence.objectId}）`,
    ruled: ({ actor, reason }) => `${actor} 作此決定（${reason}）`,
    behind: (shopHad) => `商店已有第 ${shopHad} 項決定，而日誌沒有，故於其上重新陳述會員資格`,
    confirmed: (source, afterMs) => `${traditionalChinese.duration(afterMs)}後由${traditionalChinese.sources[source]}證實。`,
    unconfirmed: () => '沒有其他來源證實。',
    reviews: (count) => `有 ${count} 件待人工審核。`,
    undelivered: (sequence, delivered) => `${sequence} 項決定中，商店已接收 ${delivered} 項。`,
    notPlaced: () => '訂單尚未成立：收到的回報在此等候。',
  },
  entries: {
    placed: ({ memberId, plan }, money) => `訂單成立，會員 ${memberId}：方案 ${plan}，應收 ${money}。`,
    attached: ({ payment, expiresAt, by }) =>
      by
        ? `${by.actor} 將 ${payment.id} 連結至本訂單（${by.reason}）。`
        : `結帳 ${payment.id} 加入訂單${expiresAt ? `，有效至 ${timeText(expiresAt)}` : ''}。`,
    linked: ({ reference }) => `${reference} 自此屬於本訂單（定律 3）。`,
    held: (report) => `${report}當時不知屬於哪筆訂單，先行保留（定律 7）。`,
    reported: ({ source, asOf, observedAt, evidence, by }, fact) => {
      const who = by ? `${by.actor} 表示（${by.reason}）` : `${traditionalChinese.sources[source]}表示`;
      return `${who}：${fact}［${evidence.eventId ?? evidence.objectId}；金流時間 ${timeText(asOf)}，我方 ${timeText(observedAt)}］。`;
    },
    decided: ({ decision, sequence, payment }, because) =>
      `第 ${sequence} 項決定：${traditionalChinese.decisions[decision]}（${payment.id}）：${because}。`,
    review: ({ reviewId, review, payment }) => `開啟審核 ${reviewId}（${payment.id}）：${traditionalChinese.reviews[review]}。`,
    resolved: ({ reviewId, resolution, by }) =>
      `${by.actor} 完成審核 ${reviewId}：${traditionalChinese.resolutions[resolution]}（${by.reason}）。`,
    policy_changed: ({ from, to }) =>
      `自此起，訂單改依政策 ${to.slice(0, 12)} 判斷，先前依政策 ${from.slice(0, 12)}；新政策在下一項事實變動時生效。`,
    withdrawn: ({ by }) => `${by.actor} 撤回了訂單（${by.reason}）。`,
    moved: ({ payment, toOrderId, by }) => `${by.actor} 將 ${payment.id} 移至訂單 ${toOrderId}（${by.reason}）。`,
    delivered: ({ sequence, afterMs, imported, found }) =>
      imported
        ? `訂單由他處匯入：商店早已知道第 ${sequence} 項決定，未另行通知。`
        : found
          ? `商店早已有第 ${sequence} 項決定，未另行通知。`
          : `商店接收第 ${sequence} 項決定，於決定後 ${traditionalChinese.duration(afterMs)}。`,
    delivery_failed: ({ sequence, reason, waitMs, error }) =>
      `第 ${sequence} 項決定交付失敗（${error ? errorText(error) : reason === 'timeout' ? '逾時' : '錯誤'}）；${traditionalChinese.duration(waitMs)}後再試。`,
    taken_over: ({ sequence, by }) =>
      by ? `${by.actor} 要求重新交付第 ${sequence} 項決定（${by.reason}）。` : `另一個行程接手交付第 ${sequence} 項決定。`,
    abandoned: ({ sequence }) => `第 ${sequence} 項決定於 72 小時後停止重試；可用 \`redeliver\` 重新開始。`,
    shop_ahead: ({ sequence }) => `商店已有第 ${sequence} 項決定，而日誌沒有：日誌比商店舊（定律 9）。`,
    rechecked: ({ by, looked, recorded }) =>
      `${by.actor} 要求再次查詢 Stripe（${by.reason}）：讀取 ${looked} 個物件，${recorded === 0 ? '沒有新的內容' : `${recorded} 個有新的內容`}。`,
  },
  verdicts: {
    decided: ({ decision }) => `因此${traditionalChinese.decisions[decision]}。`,
    confirms: ({ first, afterMs, staysRevoked }) =>
      `證實${traditionalChinese.sources[first]}在 ${traditionalChinese.duration(afterMs)}前的回報；${
        staysRevoked ? '已撤銷的維持撤銷（定律 6）' : '不改變任何事（定律 5）'
      }。`,
    waits: () => '訂單尚未成立，在此等候（定律 7）。',
    does_not_count: ({ because }) => `不予採計：${because.map((kind) => traditionalChinese.reviews[kind]).join('、')}（定律 4）。`,
    second_payment: () => '已有另一筆付款採計：資格不變，並請人工查看（定律 4）。',
    older: () => '已知更新或更確定的狀態；不改變任何事（定律 1）。',
    no_change: () => '不影響會員資格（定律 4）。',
  },
};
