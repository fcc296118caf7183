// A refund is on its way for days: it starts out pending or succeeded, and ends as the card says.

import type { Model } from '../model.ts';
import type { RefundSettlement } from '../state/records.ts';

export function scheduleRefundSettlement(model: Model, id: string, outcome: RefundSettlement['outcome']): void {
  const dueMs = model.clock.nowMs() + model.settleAfterMs;
  model.state.refundSettlements.put({ id, outcome, dueMs });
  model.agenda.add(dueMs, { kind: 'refund_settles', id });
}
