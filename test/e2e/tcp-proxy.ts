/** A way to a server of TCP that a test can take away and give back. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * open --cut()--> cut (nobody listens, connections are reset) --restore()--> open
 * open --freeze()--> frozen (connections stay, nothing passes, as when a cable is pulled) --restore()--> open
 */
export class TcpProxy {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #server: Server | undefined;
  #port = 0;
  #frozen = false;

  private constructor(target: { readonly host: string; readonly port: number }) {
    this.#target = target;
  }

  static async to(host: string, port: number): Promise<TcpProxy> {
    const proxy = new TcpProxy({ host, port });
    await proxy.#listen();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = server === undefined ? Promise.resolve() : once(server, 'close');
    server?.close();
    for (const pair of this.#pairs) for (const socket of pair) socket.resetAndDestroy();
    await closed;
  }

  freeze(): void {
    this.#frozen = true;
    for (const [near, far] of this.#pairs) {
      near.pause();
      far.pause();
    }
  }

  async restore(): Promise<void> {
    if (this.#server === undefined) await this.#listen();
    this.#frozen = false;
    for (const [near, far] of this.#pairs) {
      near.resume();
      far.resume();
    }
  }

  async #listen(): Promise<void> {
    const server = createServer((near) => this.#join(near));
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    this.#port = address.port;
    this.#server = server;
  }

  #join(near: Socket): void {
    const far = connect(this.#target);
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    for (const [from, to] of [pair, [far, near]] as const) {
      // Not `pipe`, which would let a frozen side flow again as soon as the other one drains.
      from.on('data', (chunk: Buffer) => {
        to.write(chunk);
      });
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
      from.on('close', () => {
        to.destroy();
        this.#pairs.delete(pair);
      });
      if (this.#frozen) from.pause();
    }
  }
}
