// A TCP proxy in front of a server, whose network fails on request: it loses replies, falls silent, refuses, or is slow.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** True: what this client has sent last was a call of the function that appends. */
  appending: boolean;
}

export class TcpProxy {
  /** Where new connections lead to. May be changed at any time. */
  targetPort: number;
  /** What a client sends is passed on so much later. */
  delayMs = 0;
  /** How many replies to appends are lost from now on, each with its connection. Counted down. */
  repliesToLose = 0;
  repliesLost = 0;
  /** How many connections were made through it. */
  accepted = 0;
  /** True: new connections are refused. */
  refuses = false;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  /** Connections that pass nothing on any more, and never end. Written by `silence`. */
  readonly #silent = new Set<Pair>();

  private constructor(targetPort: number) {
    this.targetPort = targetPort;
    this.#server = createServer((client) => this.#accept(client));
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  /** The same URL, through the proxy. */
  through(url: string): string {
    const parsed = new URL(url);
    parsed.host = `127.0.0.1:${this.port}`;
    return parsed.href;
  }

  /** All present connections fall silent, without an end. Returns how many they were. */
  silence(): number {
    for (const pair of this.#pairs) this.#silent.add(pair);
    return this.#pairs.size;
  }

  /** Breaks all present connections. */
  cut(): void {
    for (const pair of this.#pairs) end(pair);
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(client: Socket): void {
    if (this.refuses) {
      client.destroy();
      return;
    }
    this.accepted += 1;
    const server = connect(this.targetPort, '127.0.0.1');
    const pair: Pair = { client, server, appending: false };
    this.#pairs.add(pair);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => end(pair));
      socket.on('close', () => this.#ended(pair));
    }
    client.on('data', (chunk) => {
      pair.appending = chunk.includes('append_1');
      this.#pass(pair, server, chunk);
    });
    server.on('data', (chunk) => this.#reply(pair, chunk));
  }

  #reply(pair: Pair, chunk: Buffer | string): void {
    if (pair.appending && this.repliesToLose > 0) {
      this.repliesToLose -= 1;
      this.repliesLost += 1;
      end(pair);
      return;
    }
    this.#pass(pair, pair.client, chunk);
  }

  #pass(pair: Pair, to: Socket, chunk: Buffer | string): void {
    if (this.#silent.has(pair)) return;
    if (this.delayMs === 0 || to === pair.client) to.write(chunk);
    else setTimeout(() => to.writable && to.write(chunk), this.delayMs);
  }

  #ended(pair: Pair): void {
    this.#pairs.delete(pair);
    end(pair);
  }
}

function end({ client, server }: Pair): void {
  client.destroy();
  server.destroy();
}
