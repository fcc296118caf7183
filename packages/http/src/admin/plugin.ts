// The operations console: what waits for a person, why an order is in its state, and the means to fix it. It is for people
// of the shop only: it cannot be mounted without `authenticate`, and actions are recorded with the operator's id.

import formBody from '@fastify/formbody';
import { LedgerError } from '@paidonce/ledger';
import { isId } from '@paidonce/ledger/adapter';
import type { StripePayments } from '@paidonce/stripe-adapter';
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { statusIn } from '../answer.ts';
import { actionRoutes } from './action-routes.ts';
import { answerProblem, pageHeaders } from './answer-page.ts';
import type { Console } from './console.ts';
import { isCrossSite } from './cross-site.ts';
import { readingRoutes } from './read-routes.ts';

/** The person who is asking. */
export interface Operator {
  /** Stays in the log for ever with what they do: an id (1 to 128 of A-Z a-z 0-9 . _ : -), not a name or an address. */
  readonly actor: string;
}

/** Options of {@link paymentAdminPlugin}. An unknown option or an unusable value is refused with `invalid_input`. */
export interface PaymentAdminPluginOptions {
  /** What `stripePayments()` returned; the console shows its ledger. */
  readonly payments: StripePayments;
  /**
   * Called before each request, before its body is read. Undefined: answered with 401. It may answer by itself, as with
   * `await reply.redirect('/login')`. If it throws, the request is refused with the `statusCode` of the error, or 500. Each
   * refusal is logged at `warn` with the address, `request.ip`; attempts are not limited here.
   */
  readonly authenticate: (request: FastifyRequest, reply: FastifyReply) => Promise<Operator | undefined> | Operator | undefined;
  /** Where the console is mounted. Default `/admin/payments`. */
  readonly path?: string;
}

const optionNames: readonly string[] = ['payments', 'authenticate', 'path'] satisfies readonly (keyof PaymentAdminPluginOptions)[];
/** Bytes of a request: a reason has 500 characters at most. */
const bodyLimit = 8 * 1024;

/**
 * Mounts the console: `await app.register(paymentAdminPlugin, { payments, authenticate })`. Browsers get pages; a request
 * that does not accept `text/html` gets the same as JSON.
 *
 * @throws LedgerError `invalid_input`: `authenticate` is missing, or an option is unknown or unusable.
 */
export const paymentAdminPlugin: FastifyPluginAsync<PaymentAdminPluginOptions> = fastifyPlugin(
  async (app: FastifyInstance, options: PaymentAdminPluginOptions) => {
    const { payments, authenticate, path } = checked(options);
    const actors = new WeakMap<FastifyRequest, string>();
    const actorOf = (request: FastifyRequest): string => {
      const actor = actors.get(request);
      if (actor === undefined) throw new LedgerError('invalid_input', 'nobody was let in'); // The hook below lets nobody pass without one.
      return actor;
    };

    // In a scope of its own, not wrapped: the hook guards each of these routes and no other.
    await app.register(async (scope: FastifyInstance) => {
      scope.setErrorHandler(answerProblem(path, (request) => actors.has(request)));
      scope.addHook('onRequest', async (request, reply) => {
        void reply.headers(pageHeaders);
        if (isCrossSite(request)) throw refused(request, 'cross-site', 403);
        const operator = await asked(() => authenticate(request, reply), request);
        if (reply.sent) {
          // A redirect to a log-in is an answer, and no refusal.
          if (reply.statusCode >= 400) refused(request, 'answered by authenticate', reply.statusCode);
          return reply;
        }
        if (!operator?.actor) throw refused(request, 'not signed in', 401);
        // Otherwise the ledger would refuse the actor's id, after they have filled in a form.
        if (!isId(operator.actor)) {
          request.log.error('paidonce: authenticate answered an actor that is no id (1 to 128 of A-Z a-z 0-9 . _ : -); nobody is let in');
          throw new Error('no actor');
        }
        actors.set(request, operator.actor);
        return undefined;
      });
      // The host's own parsers do not apply here, and one for forms would leave no room for ours.
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('application/json', { parseAs: 'string', bodyLimit }, scope.getDefaultJsonParser('error', 'error'));
      await scope.register(formBody, { bodyLimit });
      const shared: Console = { payments, path, actorOf };
      readingRoutes(scope, shared);
      actionRoutes(scope, shared);
    });
  },
  { fastify: '5.x', name: '@paidonce/http/admin' },
);

/** @throws what `authenticate` throws. */
async function asked(
  ask: () => Promise<Operator | undefined> | Operator | undefined,
  request: FastifyRequest,
): Promise<Operator | undefined> {
  try {
    return await ask();
  } catch (error) {
    refused(request, 'authenticate has thrown', statusIn(error, request));
    throw error;
  }
}

/** Whoever tries to get in leaves an address in the log. What they sent does not get there: it may hold a password. */
function refused(request: FastifyRequest, why: string, statusCode: number): Error {
  request.log.warn({ address: request.ip, statusCode }, `paidonce: the console refused a request: ${why}`);
  return Object.assign(new Error(why), { statusCode });
}

function checked({ path = '/admin/payments', ...options }: PaymentAdminPluginOptions): Required<PaymentAdminPluginOptions> {
  // This also refuses Fastify's own `prefix`: a wrapped plugin would ignore it in silence.
  const unknown = Object.keys(options).filter((name) => !optionNames.includes(name));
  demand(unknown.length === 0, `unknown option ${unknown.join(', ')}. Known: ${optionNames.join(', ')}`);
  demand(typeof options.payments?.recheck === 'function', 'payments is missing. Pass what stripePayments() returned');
  demand(
    typeof options.authenticate === 'function',
    'authenticate is missing. Pass a function that answers { actor } for people who may see and correct payments, and undefined for all others',
  );
  demand(/^(\/[A-Za-z0-9._~-]+)+$/.test(path), `path "${path}" must look like /admin/payments`);
  return { ...options, path };
}

function demand(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new LedgerError('invalid_input', `paymentAdminPlugin: ${otherwise}`);
}
