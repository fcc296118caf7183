// What a person must be told goes to the shop's own hook. Whatever becomes of it there, the ledger goes on.
import type { Alert, Log } from './payment-ledger.ts';

export function alerting(onAlert: ((alert: Alert) => unknown) | undefined, log: Log): (alert: Alert) => void {
  async function pass(alert: Alert): Promise<void> {
    await onAlert?.(alert); // An async hook passes the types; a rejection that nobody hears would end the process.
  }
  return (alert) => {
    pass(alert).catch((error: unknown) => log.error({ err: error, alert }, 'onAlert failed; nobody was told'));
  };
}
