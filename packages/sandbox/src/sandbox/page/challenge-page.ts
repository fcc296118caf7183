// `/c/authenticate/:intent`: the customer's bank asks whether it was really the customer (3-D Secure). By hand:
// `curl -i -d answer=succeeded http://127.0.0.1:PORT/c/authenticate/pi_…`
import { parseForm } from '../api/form.ts';
import { Parameters } from '../api/parameters.ts';
import { StripeApiError } from '../api/stripe-error.ts';
import type { Controls } from '../controls.ts';
import type { SandboxCore } from '../core.ts';
import { formatAmount } from '../money.ts';
import { seeOther, type WebAnswer, type WebServer } from '../web-server.ts';
import { type Page, pageHeaders, renderDocument } from './document.ts';
import { html } from './html.ts';
import { refusalPage } from './payment-page.ts';

export function registerChallengePage(app: WebServer, core: SandboxCore, controls: Controls): void {
  app.on('GET', '/c/authenticate/:id', ({ id }) => {
    core.catchUp();
    const { state } = core.accounts.holding(id);
    const intent = state.intents.get(id);
    const challenge = state.challenges.get(id);
    if (!intent || !challenge) return send(404, refusalPage('Nothing to confirm', 'This payment waits for no answer of the bank.'));
    const session = state.sessions.withKey(intent.id)[0]?.session;
    const targets = [session?.success_url, challenge.returnUrl].filter((url) => typeof url === 'string');
    return send(200, challengePage(intent.id, formatAmount(intent.amount, intent.currency)), targets);
  });

  app.on('POST', '/c/authenticate/:id', ({ id, body }) => {
    try {
      const form = new Parameters(parseForm(body));
      const { returnUrl } = controls.authenticate(id, form.oneOf('answer', ['succeeded', 'failed']));
      if (returnUrl !== null) return seeOther(returnUrl);
      return send(200, refusalPage('The bank has answered', 'The payment names no page to go on to.'));
    } catch (error) {
      if (!(error instanceof StripeApiError)) throw error;
      return send(error.status, refusalPage('Nothing to confirm', error.message));
    }
  });
}

function challengePage(intentId: string, price: string): Page {
  return {
    title: 'Confirm the payment · Stripe sandbox',
    main: html`<form class="pane narrow" method="post" action="/c/authenticate/${intentId}">
<h1>Your bank asks: was it you?</h1><p class="soft">A payment of ${price}. Only then the card pays (3-D Secure).</p><br>
<button class="main" name="answer" value="succeeded">Yes, it was me</button>
<p class="field"><button name="answer" value="failed">No, refuse it</button></p></form>`,
  };
}

function send(status: number, page: Page, targets: readonly string[] = []): WebAnswer {
  return { status, headers: pageHeaders(targets), body: renderDocument(page) };
}
