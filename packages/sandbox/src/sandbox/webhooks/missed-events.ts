// Events that Stripe failed to make. It tells of each one later, by a thin event of its health alerts.
import type { Model } from '../model.ts';
import { enqueueThin } from './enqueue.ts';
import { makeThinEvent, relatedObject } from './thin-events.ts';

const RESOLVED = 'v2.core.health.event_generation_failure.resolved';

/** Call it within a transaction. */
export function recordMissed(model: Model, type: string, object: object): void {
  model.state.missedEvents.put({ id: model.newId('missed_'), type, related: relatedObject(object) });
}

/** Stripe has found out: an alert for each missed event goes to the endpoints that want it. Answers how many. */
export function reportMissed(model: Model): number {
  const { platform } = model.accounts;
  const missed = [...model.state.missedEvents.oldestFirst()];
  for (const { id, type, related } of missed) {
    model.state.missedEvents.remove(id);
    const data = {
      alert_id: platform.newId('halert_'),
      grouping_key: platform.newId('_grouping_'),
      impact: { ...(model.connected ? { context: model.account } : {}), event_type: type, related_object: related },
      resolved_at: new Date(platform.clock.nowMs()).toISOString(),
      severity: 'critical',
      summary: `Stripe failed to generate an event of type ${type}.`,
    };
    // The alert is the platform's own, also where the event was a connected account's.
    enqueueThin(platform, makeThinEvent(platform, { type: RESOLVED, snapshot: null, related: null, request: null, data }));
  }
  return missed.length;
}
