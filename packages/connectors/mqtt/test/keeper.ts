/** A keeper that a test can look into, hold up and break, and what the broker tells. */

import { KidjamoError } from '@kidjamo/stream';
import { ManualClock } from '@kidjamo/stream/testing';

import { EmbeddedBroker } from '../src/index.ts';
import type { BrokerTls, DeviceMessage, Loss, MessageKeeper, MqttMetrics, Verdict } from '../src/index.ts';

export class TestKeeper implements MessageKeeper {
  readonly taken: DeviceMessage[] = [];
  readonly losses: Loss[] = [];
  readonly results: string[] = [];
  readonly faults: unknown[] = [];
  verdict: Verdict = 'accepted';
  /** Whether nothing can be kept. */
  broken = false;
  /** Set to hold messages up. */
  held: Promise<void> | undefined;

  readonly metrics: MqttMetrics = {
    countMessage: (result) => this.results.push(result),
    countLoss: () => this.results.push('loss'),
    fault: (error) => this.faults.push(error),
  };

  async take(message: DeviceMessage): Promise<Verdict> {
    await this.held;
    if (this.broken) throw new KidjamoError('LOG_UNAVAILABLE', 'the log is away');
    this.taken.push(message);
    return this.verdict;
  }

  async lost(loss: Loss): Promise<void> {
    if (this.broken) throw new KidjamoError('LOG_UNAVAILABLE', 'the log is away');
    this.losses.push(loss);
    return Promise.resolve();
  }
}

/** An embedded broker on a free port of loopback. */
export function startBroker(keeper: TestKeeper, options: { tls?: BrokerTls; maxPacket?: number } = {}): Promise<EmbeddedBroker> {
  return EmbeddedBroker.start({
    host: '127.0.0.1',
    port: 0,
    keeper,
    metrics: keeper.metrics,
    clock: new ManualClock(0),
    maxConnections: 100,
    ...options,
  });
}

/** Something to wait for that a test settles itself. */
export function latch(): { readonly opened: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  return { opened: promise.then(() => undefined), open: () => resolve(undefined) };
}
