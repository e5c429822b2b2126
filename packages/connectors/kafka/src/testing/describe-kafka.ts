/** Test suites that need a real broker. */

import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, test } from 'vitest';
import { KidjamoError } from '@kidjamo/stream';

import { missingForKafka } from './kafka-script.ts';
import type { ClusterDescription } from './kafka-script.ts';
import { sharedBroker, startTestCluster } from './test-cluster.ts';
import type { ClusterOptions, TestCluster } from './test-cluster.ts';

/** How long a cluster may take to come up (ms): Maven fetches it the first time on a machine. */
const START_MS = 300_000;

/**
 * Declares a suite on the broker that all test files of a run share. `broker()` is the broker; call it in hooks and tests, not while tests are
 * declared. Where the machine cannot run one, the suite is one skipped test with the reason; where nothing may be skipped, it fails.
 */
export function describeKafka(name: string, declare: (broker: () => ClusterDescription) => void): void {
  suite(name, () => {
    const broker = holder<ClusterDescription>();
    beforeAll(async () => broker.put(await sharedBroker()), START_MS);
    declare(broker.get);
  });
}

/** Declares a suite on a cluster of its own, whose brokers it may kill. */
export function describeKafkaCluster(name: string, options: ClusterOptions, declare: (cluster: () => TestCluster) => void): void {
  suite(name, () => {
    const cluster = holder<TestCluster>();
    beforeAll(async () => cluster.put(await startTestCluster(options)), START_MS);
    afterAll(async () => {
      await cluster.found()?.stop();
    });
    declare(cluster.get);
  });
}

/** A name that no other test of the run uses, for a topic, a group or a transaction. `what` is a word to tell them apart in the broker's log. */
export function uniqueName(what: string): string {
  return `test-${what}-${randomBytes(6).toString('hex')}`;
}

function suite(name: string, declare: () => void): void {
  const lack = missingForKafka();
  if (lack === undefined) {
    describe(name, declare);
    return;
  }
  const required = process.env['CI'] === 'true' || process.env['KIDJAMO_SUITE'] === 'full';
  test(name, (context) => {
    if (!required) context.skip(lack);
    throw new KidjamoError('CONFIG_INVALID', lack);
  });
}

/** A value that a hook puts in, and tests take out. */
function holder<T>(): { put(value: T): void; get(): T; found(): T | undefined } {
  let held: T | undefined;
  return {
    put: (value) => {
      held = value;
    },
    get: () => {
      if (held === undefined)
        throw new KidjamoError('CONFIG_INVALID', 'The broker is there in hooks and tests only, not while tests are declared.');
      return held;
    },
    found: () => held,
  };
}
