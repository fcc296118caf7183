// What a person is alerted to while the log is followed: a stream that somebody deleted, and a plan that was granted twice.
import type { Alert } from '../alerts.ts';
import { defined } from '../defined.ts';
import type { DuplicateOrder } from '../member-access.ts';
import { ourStream } from '../streams/our-streams.ts';

export function alertDeleted(stream: string, onAlert: (alert: Alert) => void): void {
  const ours = ourStream(stream);
  if (ours === undefined) return;
  const { tells, orderId } = ours;
  const message =
    `Somebody deleted the stream ${stream} on the server for ever. It told ${tells}. In this log that can be neither read nor written any more, ` +
    'and nothing brings it back; everything else goes on. Its events are in the log until a scavenge removes them: stop scavenges, copy the log ' +
    'with `paidonce copy`, and go on with the copy, as docs/operate/eventstoredb.md says';
  onAlert({ kind: 'stream_deleted', message, ...defined({ orderId }) });
}

export function alertDuplicate(duplicate: DuplicateOrder | undefined, onAlert: (alert: Alert) => void): void {
  if (duplicate === undefined) return;
  const { orderId, duplicateOf, memberId, plan } = duplicate;
  const message = `Member ${memberId} was granted ${plan} by order ${orderId}, and at about the same time by order ${duplicateOf}. Ask whether both were meant; else refund one of them`;
  onAlert({ kind: 'same_plan_twice', orderId, message });
}
