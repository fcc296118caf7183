// The operations console: what waits for a person, why an order is as it is, and the means to mend it. For people of the
// shop alone: there is no way to mount it without saying who may come in, and what they do is signed with their id.

import formBody from '@fastify/formbody';
import { LedgerError } from '@paidonce/ledger';
import { isId } from '@paidonce/ledger/adapter';
import type { StripePayments } from '@paidonce/stripe-adapter';
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { actionRoutes } from './action-routes.ts';
import { answerProblem, pageHeaders } from './answer-page.ts';
import type { Console } from './console.ts';
import { isCrossSite } from './cross-site.ts';
import { readingRoutes } from './read-routes.ts';

/** Who is asking. It goes into the log for ever with what he does: an id, not a name or an address. */
export interface Operator {
  readonly actor: string;
}

export interface PaymentAdminPluginOptions {
  readonly payments: StripePayments;
  /**
   * Asked before each request, before its body is read. Undefined: 401. It may answer by itself
   * (`await reply.redirect('/login')`), and what it throws lets nobody in.
   */
  readonly authenticate: (request: FastifyRequest, reply: FastifyReply) => Promise<Operator | undefined> | Operator | undefined;
  /** Default `/admin/payments`. */
  readonly path?: string;
}

const optionNames: readonly string[] = ['payments', 'authenticate', 'path'] satisfies readonly (keyof PaymentAdminPluginOptions)[];
/** A reason has 500 characters at most. */
const bodyLimit = 8 * 1024;

/**
 * `await app.register(paymentAdminPlugin, { payments, authenticate })`: pages for a browser, and the same as JSON where the
 * request does not accept `text/html`.
 *
 * @throws LedgerError `invalid_input`: `authenticate` is missing, an option is unknown or has no sensible value.
 */
export const paymentAdminPlugin: FastifyPluginAsync<PaymentAdminPluginOptions> = fastifyPlugin(
  async (app: FastifyInstance, options: PaymentAdminPluginOptions) => {
    const { payments, authenticate, path } = checked(options);
    const actors = new WeakMap<FastifyRequest, string>();
    const actorOf = (request: FastifyRequest): string => {
      const actor = actors.get(request);
      if (actor === undefined) throw new LedgerError('invalid_input', 'nobody was let in'); // The hook below lets nobody pass without.
      return actor;
    };

    // In a scope of its own, not wrapped: the hook guards each of these routes and no other.
    await app.register(async (scope: FastifyInstance) => {
      scope.setErrorHandler(answerProblem(path, (request) => actors.has(request)));
      scope.addHook('onRequest', async (request, reply) => {
        void reply.headers(pageHeaders);
        if (isCrossSite(request)) throw Object.assign(new Error('cross-site'), { statusCode: 403 });
        const operator = await authenticate(request, reply);
        if (reply.sent) return reply;
        if (!operator?.actor) throw Object.assign(new Error('not signed in'), { statusCode: 401 });
        // Else what he does would be refused for his name, once he has filled in a form.
        if (!isId(operator.actor)) {
          request.log.error('paidonce: authenticate answered an actor that is no id (1 to 128 of A-Z a-z 0-9 . _ : -); nobody is let in');
          throw new Error('no actor');
        }
        actors.set(request, operator.actor);
        return undefined;
      });
      // The host's own parsers are not for us, and one for forms would leave no room for ours.
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

function checked({ path = '/admin/payments', ...options }: PaymentAdminPluginOptions): Required<PaymentAdminPluginOptions> {
  // Also Fastify's own `prefix`: on a wrapped plugin it would be ignored in silence.
  const unknown = Object.keys(options).filter((name) => !optionNames.includes(name));
  demand(unknown.length === 0, `unknown option ${unknown.join(', ')}. Known: ${optionNames.join(', ')}`);
  demand(typeof options.payments?.recheck === 'function', 'payments is missing. Pass what stripePayments() returned');
  demand(
    typeof options.authenticate === 'function',
    'authenticate is missing. Pass a function that answers { actor } for people who may see and mend payments, and undefined for all others',
  );
  demand(/^(\/[A-Za-z0-9._~-]+)+$/.test(path), `path "${path}" must look like /admin/payments`);
  return { ...options, path };
}

function demand(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new LedgerError('invalid_input', `paymentAdminPlugin: ${otherwise}`);
}
