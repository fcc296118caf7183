// The load generator of `bench -- http`, a process of its own: it signs the webhooks of a slot first, then sends them over keep-alive
// connections. It speaks HTTP on bare sockets, so that it needs less of the machine than what it measures.
import { once } from 'node:events';
import { connect } from 'node:net';
import { type Kind, requestOf, type Templates } from './http-events.ts';

export interface LoadSlot {
  readonly port: number;
  readonly connections: number;
  readonly templates: Templates;
  readonly kind: Kind;
  /** The numbers of the purchases: `count` from `from` on. */
  readonly from: number;
  readonly count: number;
  /** Webhooks due per second, however fast they are answered. Absent: each connection sends its next one once it is answered. */
  readonly perSecond?: number;
}

export interface LoadResult {
  readonly ms: number;
  /** How long each waited for its answer, from the moment it was due. */
  readonly latenciesMs: readonly number[];
  /** When each was due, in the order of the numbers: milliseconds since 1970. */
  readonly dueAtMs: readonly number[];
  /** How often each answer came: its status and body. */
  readonly answers: Readonly<Record<string, number>>;
}

/**
 * The connections to each server, open from its first slot on: a server that is busy accepts one of them in each turn of its event
 * loop, and the later ones would wait for that, not for their webhooks.
 */
const open = new Map<number, readonly Exchange[]>();

process.on('message', (slot: LoadSlot) => void run(slot).then((result) => process.send?.(result)));
process.on('disconnect', () => process.exit());
process.send?.('ready');

async function run({ port, connections, templates, kind, from, count, perSecond }: LoadSlot): Promise<LoadResult> {
  const requests = Array.from({ length: count }, (_, index) => requestOf(templates[kind], from + index));
  const exchanges = open.get(port) ?? (await Promise.all(Array.from({ length: connections }, () => opened(port))));
  open.set(port, exchanges);
  const latenciesMs: number[] = [];
  const dueAtMs: number[] = [];
  const answers: Record<string, number> = {};
  const startedMs = performance.now();
  let next = 0;
  await Promise.all(
    exchanges.map(async (exchange) => {
      for (let index = next++; index < count; index = next++) {
        const dueMs = perSecond === undefined ? performance.now() : startedMs + (index * 1_000) / perSecond;
        const waitMs = dueMs - performance.now();
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
        const answer = await exchange(requests[index] as Buffer);
        latenciesMs.push(performance.now() - dueMs);
        dueAtMs[index] = performance.timeOrigin + dueMs;
        answers[answer] = (answers[answer] ?? 0) + 1;
      }
    }),
  );
  return { ms: performance.now() - startedMs, latenciesMs, dueAtMs, answers };
}

/** Sends a request, one at a time, and gives the status and the body of its answer, which has a `content-length`. */
type Exchange = (request: Buffer) => Promise<string>;

async function opened(port: number): Promise<Exchange> {
  const socket = connect(port, '127.0.0.1').setNoDelay();
  await once(socket, 'connect');
  let received = '';
  let waiting: { readonly resolve: (answer: string) => void; readonly reject: (error: Error) => void } | undefined;
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    received += text;
    const head = received.indexOf('\r\n\r\n');
    if (head < 0) return;
    const end = head + 4 + Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0);
    if (received.length < end) return;
    const answer = `${received.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length)} ${received.slice(head + 4, end)}`;
    received = received.slice(end);
    waiting?.resolve(answer);
  });
  socket.on('close', () => waiting?.reject(new Error('the server closed the connection')));
  socket.on('error', (error) => waiting?.reject(error));
  return (request) =>
    new Promise((resolve, reject) => {
      waiting = { resolve, reject };
      socket.write(request);
    });
}
