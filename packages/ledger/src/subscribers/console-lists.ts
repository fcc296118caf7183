// What an operations console asks a ledger: answered from the read models, page by page, each with how old it may be.
import type { ConsoleReads } from '../console-reads.ts';
import { defined } from '../defined.ts';
import { LedgerError } from '../errors.ts';
import { idInText } from '../id-in-text.ts';
import { parse } from '../input.ts';
import { idSchema, referenceName } from '../observation.ts';
import { type Page, type PageRequest, pageOf } from '../page.ts';
import type { ConsoleModels } from '../read-models/console-models.ts';
import type { TimeKey } from '../read-models/console-rows.ts';
import { hourMs, hourOf } from '../read-models/hour-counts.ts';
import { longestWaits } from '../read-models/latency.ts';
import type { Runtime } from '../runtime.ts';
import { findExactly, findNames, type StrongReads } from './console-find.ts';
import { consoleSchemas as schemas } from './console-input.ts';
import { mostGroups, otherErrors, shownGroups } from './error-groups.ts';
import type { OpenedSubscribers } from './subscribers.ts';

export interface ConsoleListsOptions {
  /** Opens the read models; without a background they catch up first. */
  readonly opened: () => Promise<OpenedSubscribers>;
  readonly strong: StrongReads;
  readonly runtime: Runtime;
}

const mostDays = 400;

/** All methods throw LedgerError: `invalid_input`, and what opening and reading the read models throws. */
export class ConsoleLists implements Omit<ConsoleReads, 'subscriptions'> {
  readonly #options: ConsoleListsOptions;

  constructor(options: ConsoleListsOptions) {
    this.#options = options;
  }

  find: ConsoleReads['find'] = async (text, options = {}) => {
    const query = idInText(parse(schemas.text, text, 'text'));
    const { kind, limit = 50 } = parse(schemas.find, options, 'options');
    const now = this.#now();
    const { models, lagMs } = await this.#options.opened();
    const exact = await findExactly(this.#options.strong, query, kind, now);
    return { query, ...findNames(models.console, query, { kind, limit, now, exact }), lagMs: lagMs() };
  };

  orders: ConsoleReads['orders'] = (request) => {
    const { status, plan, account, ...of } = parse(schemas.orders, request ?? {}, 'page');
    return this.#page(of, placedKey, ({ lists }, after, limit) => lists.orders({ status, plan, account }, this.#now(), after, limit));
  };

  memberOrders: ConsoleReads['memberOrders'] = (memberId, request) => {
    parse(idSchema, memberId, 'memberId');
    return this.#page(parse(schemas.page, request ?? {}, 'page'), placedKey, ({ lists }, after, limit) =>
      lists.memberOrders(memberId, this.#now(), after, limit),
    );
  };

  queues: ConsoleReads['queues'] = async () => {
    const { models, lagMs } = await this.#options.opened();
    return { queues: models.console.queues.counts(this.#now()), lagMs: lagMs() };
  };

  reviews: ConsoleReads['reviews'] = (request) => {
    const { kind, ...of } = parse(schemas.reviews, request ?? {}, 'page');
    return this.#page(
      of,
      ({ openedAt, orderId, reviewId }) => `${openedAt}/${orderId}/${reviewId}`,
      ({ lists }, after, limit) => lists.reviews(kind, after, limit),
    );
  };

  undelivered: ConsoleReads['undelivered'] = async (request) => {
    const { error, ...of } = parse(schemas.undelivered, request ?? {}, 'page');
    return this.#page(
      of,
      ({ decidedAt, orderId }) => `${decidedAt}/${orderId}`,
      ({ lists }, after, limit) => {
        const named = lists.undeliveredByError().slice(0, mostGroups);
        const except = error === otherErrors ? named.map((group) => group.error) : [];
        const errors = error === undefined || error === otherErrors ? { except } : { only: error };
        return lists.undelivered(errors, this.#now(), after, limit);
      },
    );
  };

  undeliveredByError: ConsoleReads['undeliveredByError'] = async () => {
    const { models } = await this.#options.opened();
    return shownGroups(models.console.lists.undeliveredByError());
  };

  awaiting: ConsoleReads['awaiting'] = (request) =>
    this.#page(parse(schemas.page, request ?? {}, 'page'), placedKey, ({ lists }, after, limit) =>
      lists.awaiting(this.#now(), after, limit),
    );

  held: ConsoleReads['held'] = (request) =>
    this.#page(
      parse(schemas.page, request ?? {}, 'page'),
      ({ heldSince, payment }) => `${heldSince}/${referenceName(payment)}`,
      ({ held }, { time, rest }, limit) => held.held({ since: time, reference: rest }, limit),
    );

  suspended: ConsoleReads['suspended'] = (request) =>
    this.#page(
      parse(schemas.page, request ?? {}, 'page'),
      ({ since, orderId }) => `${since}/${orderId}`,
      ({ lists }, after, limit) => lists.suspended(this.#now(), after, limit),
    );

  unreadable: ConsoleReads['unreadable'] = (request) =>
    this.#page(
      parse(schemas.page, request ?? {}, 'page'),
      ({ since, objectId, readSince }) => `${since}/${objectId}/${readSince === undefined ? '' : 'read'}`,
      ({ unreadable }, { time, id, reviewId }, limit) =>
        unreadable.unreadable({ isRead: reviewId === 'read', since: time, objectId: id }, limit),
    );

  activity: ConsoleReads['activity'] = (request) => {
    const { after, limit, ...filter } = parse(schemas.activity, request ?? {}, 'page');
    return this.#page(
      defined({ after, limit }),
      ({ position }) => position,
      (models, { time }, most) => models.actions.actions(filter, time, most),
    );
  };

  statistics: ConsoleReads['statistics'] = async (span) => {
    const { from, to, utcOffsetHours = 0, account = null } = parse(schemas.span, span, 'span');
    const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
    if (!(toMs > fromMs)) throw new LedgerError('invalid_input', `span.to: ${to} is not after span.from. Name a later end`);
    if (toMs - fromMs > mostDays * 24 * hourMs)
      throw new LedgerError('invalid_input', `span: is longer than ${mostDays} days. Name a later \`from\`, or ask for each part`);
    const { models, lagMs } = await this.#options.opened();
    const { hours } = models.console;
    const counted = { from: Math.floor(fromMs / hourMs), to: Math.ceil(toMs / hourMs) - 1, account };
    const nowMs = this.#options.runtime.now().getTime();
    return {
      days: hours.days(counted, utcOffsetHours),
      latency: {
        paid_to_granted: hours.latency(counted, 'paid_to_granted'),
        granted_to_saved: hours.latency(counted, 'granted_to_saved'),
      },
      oldest: longestWaits({ fromMs, toMs }, hours.waits(counted), hours.pendingSince(account), nowMs),
      lagMs: lagMs(),
    };
  };

  totals: ConsoleReads['totals'] = async () => {
    const opened = await this.#options.opened();
    const lagMs = opened.lagMs();
    // What came since then may lack the webhook that takes a rescue back.
    const isWhole = Number.isFinite(lagMs);
    const upToMs = this.#options.runtime.now().getTime() - (isWhole ? lagMs : 0);
    return { ...opened.models.console.hours.totals(new Date(upToMs).toISOString(), isWhole), lagMs };
  };

  accountHealth: ConsoleReads['accountHealth'] = async () =>
    (await this.#options.opened()).models.console.hours.accountHealth(hourOf(this.#now()));

  #now(): string {
    return this.#options.runtime.now().toISOString();
  }

  async #page<T>(
    { after = '', limit = 100 }: PageRequest,
    key: (row: T) => string,
    rows: (models: Omit<ConsoleModels, 'apply'>, after: PageKey, limit: number) => readonly T[],
  ): Promise<Page<T>> {
    const { models, lagMs } = await this.#options.opened();
    return pageOf(rows(models.console, pageKey(after), limit + 1), limit, key, lagMs());
  }
}

/** Where a page begins: a time, an id and a third part, or the time and all of the rest. No time contains a slash, and no id does. */
export interface PageKey extends TimeKey {
  readonly reviewId: string;
  readonly rest: string;
}

export function pageKey(after: string): PageKey {
  const [time = '', id = '', reviewId = ''] = after.split('/');
  return { time, id, reviewId, rest: after.slice(time.length + 1) };
}

function placedKey({ placedAt, orderId }: { readonly placedAt: string; readonly orderId: string }): string {
  return `${placedAt}/${orderId}`;
}
