import { LedgerError } from '@paidonce/ledger';
import Fastify from 'fastify';
import { describe, expect, test } from 'vitest';
import { mounted } from './mounted.test-support.ts';

const never = (): Promise<undefined> => new Promise(() => undefined);

describe('live', () => {
  test('while the process answers, whatever the store does', async () => {
    const { url, answers } = await mounted();
    answers.order = never;
    const response = await fetch(`${url}/health/live`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: 'live' });
    expect(response.headers.get('cache-control')).toBe('no-store');
  });
});

describe('ready', () => {
  test('when the ledger answers a strong read', async () => {
    const { url } = await mounted();
    const response = await fetch(`${url}/health/ready`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: 'ready' });
  });

  test('not while the store cannot answer, and again once it can', async () => {
    const { url, answers } = await mounted();
    answers.order = () => Promise.reject(new LedgerError('store_unavailable', 'told to'));
    const response = await fetch(`${url}/health/ready`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: 'store_unavailable' });
    answers.order = async () => undefined;
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  });

  test('not while the store hangs, which all who ask find out by one read', async () => {
    const { url, answers } = await mounted();
    let reads = 0;
    answers.order = () => {
      reads += 1;
      return never();
    };
    const responses = await Promise.all(Array.from({ length: 5 }, () => fetch(`${url}/health/ready`)));
    expect(responses.map(({ status }) => status)).toEqual([503, 503, 503, 503, 503]);
    expect(reads).toBe(1);
  });

  test('not while the server is closing', async () => {
    let whileClosing: Response | undefined;
    const { url, app } = await mounted(
      {},
      {
        // Otherwise Fastify itself answers for us.
        app: Fastify({ return503OnClosing: false }),
        after: (host) =>
          host.addHook('preClose', async () => {
            whileClosing = await fetch(`${url}/health/ready`);
          }),
      },
    );
    await app.close();
    expect(whileClosing?.status).toBe(503);
    expect(await whileClosing?.json()).toEqual({ status: 'closing' });
  });
});

test('the paths are the host’s to choose', async () => {
  const { url } = await mounted({ healthPaths: { live: '/livez', ready: '/readyz' } });
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  expect((await fetch(`${url}/health/live`)).status).toBe(404);
});

test('a host that has its own health gets none of ours', async () => {
  const { url } = await mounted({ healthPaths: false });
  expect((await fetch(`${url}/health/live`)).status).toBe(404);
  expect((await fetch(`${url}/health/ready`)).status).toBe(404);
});
