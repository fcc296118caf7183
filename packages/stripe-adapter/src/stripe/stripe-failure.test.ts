// What a failure of Stripe is told as: which of key, permission, address and Stripe itself it was.
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemRuntime } from '@paidonce/ledger';
import Stripe from 'stripe';
import { describe, expect, onTestFinished, test } from 'vitest';
import { refusal } from '../shop.test-support.ts';
import { StripeCalls } from './stripe-calls.ts';

/** Calls of the real SDK to a server that answers so; undefined: nobody listens there. */
async function callsTo(answer: RequestListener | undefined): Promise<StripeCalls> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  if (answer === undefined) await close();
  else onTestFinished(async () => void (await close()));
  return new StripeCalls({
    stripe: new Stripe('sk_test_123456789012', { host: '127.0.0.1', port, protocol: 'http' }),
    runtime: systemRuntime,
  });
}

function answers(status: number, error: object): RequestListener {
  return (_request, response) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
}

const page: RequestListener = (_request, response) => response.writeHead(404, { 'content-type': 'text/html' }).end('<html>');

describe('a read that fails names what to fix', () => {
  // biome-ignore format: a table
  test.each([
    ['a wrong key', answers(401, { type: 'invalid_request_error', message: 'Invalid API Key provided: sk_test_12' }), 'Stripe refuses our key for GET /v1/account: Invalid API Key provided: sk_test_12. Check the secret key'],
    ['a key with too few rights', answers(403, { type: 'invalid_request_error', message: 'The provided key does not have the required permissions.' }), "Our key may not do GET /v1/account: The provided key does not have the required permissions. Give it that permission in Stripe's dashboard"],
    ['an address where nobody listens', undefined, 'Stripe was not reached for GET /v1/account: An error occurred with our connection to Stripe (ECONNREFUSED). Check the network, and `host` and `port`'],
    ['an address of another program', page, 'GET /v1/account was answered by something else than Stripe: Invalid JSON received from the Stripe API. Check `host` and `port`'],
    ['a failure of Stripe', answers(500, { type: 'api_error', message: 'Something went wrong.' }), 'Stripe did not do GET /v1/account: Something went wrong. Nothing was decided on it; try again'],
    ['a refusal', answers(400, { type: 'invalid_request_error', message: 'No such thing.' }), 'Stripe refuses GET /v1/account: No such thing'],
  ] as const)('%s', async (_, answer, expected) => {
    const error = await refusal((await callsTo(answer)).account());
    expect(error.code).toBe('provider_unavailable');
    expect(error.message).toContain(expected);
    expect(error.message).not.toContain('..');
  });
});

test('an answer without a list is no empty list: nothing is known then', async () => {
  const calls = await callsTo((_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}'));
  const error = await refusal(calls.events(['charge.refunded'], { createdFrom: 0, createdTo: 1 }));
  expect([error.code, error.message]).toEqual([
    'provider_unavailable',
    expect.stringContaining('GET /v1/events was answered by something else than Stripe: a body without an object instead of a list'),
  ]);
});
