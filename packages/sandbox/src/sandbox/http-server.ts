// The sandbox on a socket: the API, the hosted page and the control entries. Loopback only.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { shapesOf } from './api/answer-shape.ts';
import { invalidRequest } from './api/stripe-error.ts';
import type { BillingControls } from './billing-controls.ts';
import { registerControl } from './control/control-routes.ts';
import type { Controls } from './controls.ts';
import type { SandboxCore } from './core.ts';
import { registerBillingPages } from './page/billing-routes.ts';
import { registerChallengePage } from './page/challenge-page.ts';
import { registerPaymentPage } from './page/payment-routes.ts';
import { seeOther, type WebAnswer, type WebRequest, WebServer } from './web-server.ts';

const HOST = '127.0.0.1';
const BODY_LIMIT = 1_048_576;

export interface ServerParts {
  readonly controls: Controls;
  readonly billing: BillingControls;
  readonly closing: AbortSignal;
  /** Names by which others reach it, besides its own. */
  readonly hosts: readonly string[];
}

export function createHttpServer(core: SandboxCore, { controls, billing, closing, hosts }: ServerParts): WebServer {
  const app = new WebServer({
    bodyLimit: BODY_LIMIT,
    before: refuseOtherHosts(hosts),
    failed: (error, status) => ({
      status,
      body: invalidRequest(error instanceof Error ? error.message : String(error)).body('req_sandbox'),
    }),
    otherwise: (request) => {
      // An API path that the sandbox lacks is answered in Stripe's shape. Other paths, like a browser's /favicon.ico, are not
      // counted.
      if (/^\/v[12]\//.test(request.path)) return handleApi(core, request, closing);
      return { status: 404, body: 'Not found. The sandbox has /v1/…, /c/pay/… and /_sandbox.\n' };
    },
  });
  registerPaymentPage(app, core, controls);
  registerChallengePage(app, core, controls);
  registerBillingPages(app, core, billing);
  registerControl(app, core, { controls, billing });
  app.on('GET', '/', () => seeOther('/_sandbox'));
  return app;
}

const OWN_NAMES = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * Answers requests for our own names only. A page of any site can make a browser on this machine resolve that site's name to
 * 127.0.0.1 (DNS rebinding), and would then read and pay everything here; but it cannot change the name in `Host`.
 */
function refuseOtherHosts(hosts: readonly string[]): (headers: IncomingHttpHeaders) => WebAnswer | undefined {
  const names = new Set([...OWN_NAMES, ...hosts.map((name) => name.toLowerCase())]);
  return ({ host = '' }) => {
    const name = host.replace(/:\d*$/, '').toLowerCase();
    if (names.has(name)) return undefined;
    return {
      status: 421,
      body: `The sandbox answers to ${[...names].join(', ')} only. For another name, start it with --hosts NAME or SANDBOX_HOSTS=NAME.\n`,
    };
  };
}

/** @throws Error that names the port, if it is taken. */
export async function listen(app: WebServer, port: number): Promise<number> {
  try {
    return await app.listen(HOST, port);
  } catch (error) {
    const isPortInUse = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    throw isPortInUse
      ? new Error(`Port ${port} is taken. Stop what listens there, or start the sandbox on another port.`, { cause: error })
      : error;
  }
}

async function handleApi(core: SandboxCore, request: WebRequest, closing: AbortSignal): Promise<WebAnswer> {
  const { method, path, query, body, raw } = request;
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value]),
  );
  const answer = core.api.handle({ method, path, query, headers, body });
  try {
    if (answer.delayMs > 0) await core.settings.runtime.sleep(answer.delayMs, closing);
    if (answer.sending === 'never') await callerGone(raw, closing);
    if (answer.sending !== 'sent') {
      raw.socket.destroy();
      return null;
    }
    const shape = answer.headers['stripe-version'] ?? shapesOf;
    if (answer.isFromStripe && shape === shapesOf) core.settings.witness?.(answer.body);
    return answer;
  } finally {
    answer.done();
  }
}

function callerGone({ socket }: IncomingMessage, closing: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', resolve);
    closing.addEventListener('abort', () => resolve(), { once: true });
    if (closing.aborted) resolve();
  });
}
