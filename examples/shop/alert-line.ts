// What this shop does with an alert: a line in its log, with a link to what it is about. In your shop: a pager, a mail or a chat.
import { alertPath } from '@paidonce/http';
import type { Alert, Logger } from '@paidonce/ledger';

/**
 * Makes a function for `onAlert`. The ledger has logged the message itself.
 * @param consoleUrl where the console is mounted. Undefined: this shop has none, and nothing is to be linked.
 */
export function alertLines(log: Logger, consoleUrl: string | undefined): (alert: Alert) => void {
  return (alert) => {
    if (consoleUrl !== undefined) log.warn({ kind: alert.kind }, `alert ${alert.kind}: see ${consoleUrl}/${alertPath(alert)}`);
  };
}
