// The options of the console, which both edges share, and what is made of them.
import type { StripePayments } from '@paidonce/stripe-adapter';
import type { Console } from '../console-call.ts';
import { type ConsoleCore, consoleCore } from '../console-routes.ts';
import { demand, refuseUnknown } from '../option-check.ts';
import { problemView } from './problem.ts';
import { consoleRoutes } from './routes.ts';

/** What every edge of the console takes, beside its own `authenticate`. */
export interface ConsoleOptions {
  /** What `stripePayments()` returned; the console shows its ledger. */
  readonly payments: StripePayments;
  /** Where the console is mounted. Default `/admin/payments`. */
  readonly path?: string;
  /**
   * Finds members for the search box: by an e-mail address, a name, or whatever else the shop knows. Answers their ids, of which
   * 20 are shown. It has 500 ms; the text is stored and logged nowhere. Default: the box finds ids only.
   */
  readonly findMember?: Console['findMember'];
  /** What the shop says of a member, for the page of that member. It has 500 ms; nothing of it is stored. Default: nothing. */
  readonly describeMember?: Console['describeMember'];
}

const optionNames: readonly string[] = ['payments', 'authenticate', 'path', 'findMember', 'describeMember'];

/** Bytes of a request's body: a hundred ticked orders and a reason fit. */
export const consoleBodyLimit: number = 64 * 1024;

export interface MountedConsole {
  readonly core: ConsoleCore;
  /** Without a slash at the end. */
  readonly path: string;
}

/**
 * @param edge the name of the function that the host called, for the message.
 * @param others the names of the options that only this edge has.
 * @throws LedgerError `invalid_input`: an option is unknown, missing or unusable.
 */
export function openConsole(
  edge: string,
  options: ConsoleOptions & { readonly authenticate: unknown },
  others: readonly string[] = [],
): MountedConsole {
  refuseUnknown(options, [...optionNames, ...others], edge);
  const { payments, authenticate, path = '/admin/payments', findMember, describeMember } = options;
  demand(typeof payments?.recheck === 'function', edge, 'payments is missing. Pass what stripePayments() returned');
  demand(
    typeof authenticate === 'function',
    edge,
    'authenticate is missing. Pass a function that answers { actor } for people who may see and correct payments, and undefined for all others',
  );
  demand(/^(\/[A-Za-z0-9._~-]+)+$/.test(path), edge, `path "${path}" must look like /admin/payments`);
  for (const [name, hook] of Object.entries({ findMember, describeMember }))
    demand(hook === undefined || typeof hook === 'function', edge, `${name} must be a function`);
  const shared: Console = { payments, ...(findMember ? { findMember } : {}), ...(describeMember ? { describeMember } : {}) };
  return { core: consoleCore(consoleRoutes(shared), (view) => problemView(view, payments.ledger.runtime.now().getTime())), path };
}
