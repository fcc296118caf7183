// By which names the sandbox may be reached: a web page can make a browser resolve its own name to 127.0.0.1 (DNS rebinding).
import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { defined } from '../defined.ts';
import { createSession, startGround, startSandbox } from './sandbox.test-support.ts';

/** Sends a request under another name than the address that it goes to; `fetch` would not. */
function asked(
  port: number,
  host: string,
  { path = '/_sandbox', method = 'GET', origin }: { readonly path?: string; readonly method?: string; readonly origin?: string } = {},
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const headers = { host, authorization: 'Bearer sk_test_1', ...defined({ origin }) };
    const sent = request({ port, host: '127.0.0.1', path, method, headers }, async (answer) =>
      resolve({ status: answer.statusCode ?? 0, body: await text(answer) }),
    );
    sent.once('error', reject);
    sent.end();
  });
}

describe('the name in `Host`', () => {
  test.each(['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]'])('%s is this machine, on any port', async (name) => {
    const { port } = await startSandbox();
    expect((await asked(port, name)).status).toBe(200);
    expect((await asked(port, `${name}:3021`)).status).toBe(200);
  });

  test.each(['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example:3021', '0.0.0.0', '127.0.0.1@evil.example'])(
    '%j gets 421 on every path, and nothing happens',
    async (name) => {
      const { sandbox, stripe } = await startGround();
      const { id } = await createSession(stripe);
      for (const [method, path] of [
        ['GET', '/_sandbox'],
        ['GET', `/v1/checkout/sessions/${id}`],
        ['GET', `/c/pay/${id}`],
        ['POST', `/c/pay/${id}`],
        ['POST', '/v1/checkout/sessions'],
        ['GET', '/nowhere'],
      ] as const) {
        const answer = await asked(sandbox.port, name, { method, path });
        expect([path, answer.status, answer.body]).toEqual([path, 421, expect.stringContaining('--hosts')]);
        expect(answer.body).not.toContain(id);
      }
      expect(await stripe.checkout.sessions.retrieve(id)).toMatchObject({ status: 'open' });
    },
  );

  test('is demanded of HTTP/1.0 too', async () => {
    const { port } = await startSandbox();
    const socket = connect(port, '127.0.0.1');
    socket.end('GET /_sandbox HTTP/1.0\r\n\r\n');
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 421 /);
  });

  test('may be one that it was started with', async () => {
    const { port } = await startSandbox({ hosts: ['load-balancer'] });
    expect((await asked(port, 'load-balancer:3022')).status).toBe(200);
    expect((await asked(port, 'other')).status).toBe(421);
  });

  test('is where the buttons of the page work from, and from no other page', async () => {
    const { port } = await startSandbox({ hosts: ['load-balancer'] });
    for (const name of [`localhost:${port}`, `127.0.0.1:${port}`, 'load-balancer:3022']) {
      const pressed = (origin: string) => asked(port, name, { path: '/_sandbox/advance', method: 'POST', origin });
      expect([name, (await pressed(`http://${name}`)).status]).toEqual([name, 303]);
      expect([name, (await pressed('http://evil.example')).status]).toEqual([name, 403]);
    }
  });

  test('is a name without a port', async () => {
    await expect(startSandbox({ hosts: ['load-balancer:3022'] })).rejects.toThrow('"load-balancer:3022"');
  });
});
