// The club's pages. There is no log-in, so everybody on this machine can see each member: in your own shop, check first who the
// visitor is.
import { readFileSync } from 'node:fs';
import formBody from '@fastify/formbody';
import { LedgerError, type SubscriptionView } from '@paidonce/ledger';
import type { StripePayments } from '@paidonce/stripe-adapter';
import type { FastifyInstance } from 'fastify';
import type { Members } from './members.ts';
import { homePage, memberPage, messagePage } from './pages.ts';
import { isPlan } from './plans.ts';
import type { Begin, ClubSettings } from './settings.ts';

export interface ClubRoutesOptions {
  readonly settings: ClubSettings;
  readonly payments: StripePayments;
  readonly members: Members;
  readonly begin: Begin;
  readonly now: () => Date;
  readonly ownUrl: () => string;
}

type OnMember = { Params: { memberId: string } };
type OnMembership = { Params: { membershipId: string } };

/** The frame and its colours are the shop's. */
const styles = ['../shop/public/base.css', '../shop/public/form.css', '../shop/public/order.css', 'public/club.css'] as const;
const longestSkip = 12;

export async function clubRoutes(app: FastifyInstance, options: ClubRoutesOptions): Promise<void> {
  const { settings, payments, members, begin, now, ownUrl } = options;
  await app.register(formBody);
  app.addHook('onRequest', async (_request, reply) => {
    void reply.headers({
      'content-security-policy': `default-src 'none'; style-src 'self'; form-action 'self' ${settings.paymentOrigin}; base-uri 'none'; frame-ancestors 'none'`,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    void reply.type('text/html; charset=utf-8');
  });
  const css = styles.map((path) => readFileSync(new URL(path, import.meta.url), 'utf8')).join('\n');
  app.get('/club.css', (_request, reply) => reply.type('text/css; charset=utf-8').send(css));

  app.get('/', () => homePage());
  app.post<{ Body: Record<string, string | undefined> | undefined }>('/subscriptions', async ({ body = {} }, reply) => {
    const { memberId = '', plan, seats = '1' } = body;
    if (!isPlan(plan)) return reply.code(400).send(messagePage('That does not work', 'Choose one of the plans.'));
    try {
      const { url } = await begin({ memberId, plan, quantity: Number(seats) });
      return reply.redirect(url, 303);
    } catch (error) {
      if (!(error instanceof LedgerError && error.code === 'already_subscribed')) throw error;
      return reply.redirect(`/members/${memberId}`, 303); // There the plan can be changed.
    }
  });
  // Stripe sends the browser here. Anybody can open it with any query, so it only reads.
  app.get<{ Querystring: { session_id?: string } }>('/thanks', async ({ query: { session_id: sessionId = '' } }, reply) => {
    await payments.status(sessionId);
    const of = await payments.ledger.subscriptionOf(sessionId);
    if (!of) return reply.code(404).send(messagePage('Not here', 'The club knows no such checkout.'));
    return reply.redirect(`/members/${of.memberId}`, 303);
  });
  app.get<OnMember>('/members/:memberId', async ({ params: { memberId } }) => {
    const views = await Promise.all(members.list(memberId).map(({ membershipId }) => payments.ledger.subscription(membershipId)));
    return memberPage({
      memberId,
      access: members.accessOf(memberId, now()),
      subscriptions: views.filter((view): view is SubscriptionView => view !== undefined),
      now: now(),
      canAdvance: settings.advance !== undefined,
    });
  });
  app.post<OnMembership>('/subscriptions/:membershipId/portal', async ({ params: { membershipId } }, reply) => {
    const view = await payments.ledger.subscription(membershipId);
    const portal = await payments.portalUrl(membershipId, `${ownUrl()}/members/${view?.memberId}`);
    return reply.redirect(portal, 303);
  });
  app.post<OnMember & { Body: { months?: string; days?: string } | undefined }>(
    '/members/:memberId/advance',
    async ({ params: { memberId }, body = {} }, reply) => {
      const skip = (text: string | undefined): number => Math.min(longestSkip, Math.max(0, Math.floor(Number(text ?? 0)) || 0));
      await settings.advance?.(skip(body.months), skip(body.days));
      await payments.sweep();
      await payments.ledger.settle();
      return reply.redirect(`/members/${memberId}`, 303);
    },
  );
  app.setNotFoundHandler((_request, reply) => reply.code(404).send(messagePage('Not here', 'There is no such page in this club.')));
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    void reply.type('text/html; charset=utf-8'); // An error takes the type of the page away.
    if (error instanceof LedgerError && error.code === 'invalid_input') {
      return reply.code(400).send(messagePage('That does not work', error.message));
    }
    if (error.statusCode !== undefined && error.statusCode < 500)
      return reply.code(error.statusCode).send(messagePage('That does not work', error.message));
    console.error(error instanceof LedgerError ? `${error.code}: ${error.message}` : error);
    return reply
      .code(503)
      .send(messagePage('The club cannot do that now', 'If you have paid, that is not lost. Please try again in a minute.'));
  });
}
