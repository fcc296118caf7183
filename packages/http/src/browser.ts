// @paidonce/http/browser: follows one payment on the success page. No dependencies, and no bundler needed: the file runs in a
// browser as it is served. The page claims nothing; what it hears comes from the ledger.

/** What the status query answers. */
export interface WatchedStatus {
  /** `pending`, `processing`, `awaiting_customer`, `granting`, `active`, `suspended`, `review`, `failed`, `expired` or `revoked`. */
  readonly state: string;
  /** True: Stripe was not asked or did not answer, and `state` is what was known before. */
  readonly stale: boolean;
  /** Milliseconds to wait before the next query. Absent: nothing more is to come. */
  readonly nextPollAfterMs?: number;
}

export interface WatchOptions {
  /** Called with the first status, whenever `state` or `stale` changes, and with the first one after trouble. */
  readonly onChange: (status: WatchedStatus) => void;
  /** Called when queries begin to fail, or are not answered; it goes on trying. Not called again before a query has succeeded. */
  readonly onTrouble?: () => void;
  /** Called once nobody knows the payment: the id is wrong, or of another shop. Then the watch ends. */
  readonly onUnknown?: () => void;
  /** Where the status query is mounted. The id follows. Default `/payment/status/`. */
  readonly url?: string;
  /** The most seconds that the server may wait for news before it answers, a whole number from 0 to 30. Default 20. */
  readonly wait?: number;
  /** How long to go on; a query that is under way then is ended. Default 3,600,000 ms, an hour. */
  readonly timeoutMs?: number;
}

const shortestPauseMs = 250;
const longestPauseMs = 60_000;
/** How much longer than it was asked to wait a server may take. After that the connection is taken for dead. */
const answerWithinMs = 15_000;
const trouble = 'trouble';

/**
 * Asks until nothing more is to come: at once when the server hears of the payment, and ever more rarely while nothing happens. Call
 * what it returns to end it.
 *
 * @param sessionId the Checkout session (`cs_…`) or payment intent (`pi_…`).
 */
export function watchPayment(
  sessionId: string,
  { onChange, onTrouble, onUnknown, url = '/payment/status/', wait = 20, timeoutMs = 3_600_000 }: WatchOptions,
): () => void {
  const stopped = new AbortController();
  const { signal } = stopped;
  const until = Date.now() + timeoutMs;

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      // With chance in it, so that a thousand pages do not come back together after an outage.
      const timer = setTimeout(end, Math.min(longestPauseMs, ms) * (1 + Math.random() / 5));
      signal.addEventListener('abort', end);
    });

  const watch = async (): Promise<void> => {
    let seen = ''; // The last state, or `trouble`.
    let same = 0; // Answers in a row that brought no news.
    let failures = 0;
    while (!signal.aborted && Date.now() < until) {
      let next: number;
      let isBusy = false;
      // The first answer comes at once: the page has something to show.
      const isFirst = seen === '' || seen === trouble;
      // Each query has Stripe asked once, at its start: so the first ones are short, for whoever has just paid without a webhook.
      const seconds = isFirst ? 0 : Math.min(wait, 2 ** (same + 1));
      const askedAt = Date.now();
      const asking = new AbortController();
      const end = (): void => asking.abort();
      const timer = setTimeout(end, Math.min(seconds * 1_000 + answerWithinMs, until - askedAt));
      signal.addEventListener('abort', end);
      try {
        const query = seconds === 0 ? '' : `?wait=${seconds}`;
        const response = await fetch(url + encodeURIComponent(sessionId) + query, { cache: 'no-store', signal: asking.signal });
        if (response.status === 404) return onUnknown?.();
        isBusy = response.status === 429; // It is there, and asks for patience.
        if (!response.ok) throw response;
        const status = (await response.json()) as WatchedStatus;
        failures = 0;
        const now = status.state + status.stale;
        same = now === seen ? same + 1 : 0;
        if (now !== seen) {
          seen = now;
          onChange(status);
        }
        if (status.nextPollAfterMs === undefined) return;
        // The server waits for news from here on, and the first time there is no reason to pause before it.
        const pauseMs = status.nextPollAfterMs * Math.min(1 + same / 4, 10) - (Date.now() - askedAt);
        next = isFirst && wait > 0 ? 0 : Math.max(shortestPauseMs, pauseMs);
      } catch {
        if (signal.aborted || Date.now() >= until) return;
        failures += 1;
        if (!isBusy && seen !== trouble) {
          seen = trouble;
          onTrouble?.();
        }
        next = 1_000 * 2 ** Math.min(failures, 6);
      } finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
      }
      if (next > 0) await pause(next);
    }
  };
  void watch();
  return () => stopped.abort();
}
