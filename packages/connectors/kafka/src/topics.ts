/** The topics that have to be there: made where they are missing, compared where they are. */

import { ConfigResourceTypes, IncrementalAlterConfigOperationTypes } from '@platformatic/kafka';
import type { Admin } from '@platformatic/kafka';
import { KidjamoError } from '@kidjamo/stream';

import { brokerSaid, withAdmin } from './connection.ts';
import type { KafkaConnection } from './connection.ts';

/** A topic as it has to be. */
export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  /** Brokers that hold a copy of each partition. */
  readonly replication: number;
  /** Settings of the topic, as `cleanup.policy`; what is not named here is the cluster's business. */
  readonly config: Readonly<Record<string, string>>;
}

/** One way in which a topic is not as it has to be. */
export interface TopicDifference {
  readonly topic: string;
  readonly kind: 'missing' | 'too-few-partitions' | 'too-many-partitions' | 'low-replication' | 'config' | 'min-in-sync';
  /** The setting, for `config`. */
  readonly setting?: string;
  /** The same for a person, with the remedy. */
  readonly words: string;
}

/** What {@link applyTopics} did, and what it could not or must not mend. */
export interface AppliedTopics {
  readonly created: readonly string[];
  /** Topics whose settings were changed. */
  readonly configured: readonly string[];
  readonly differences: readonly TopicDifference[];
}

/** A topic as it is. */
interface Found {
  readonly partitions: number;
  /** Of the partition with the fewest copies. */
  readonly replication: number;
  readonly config: ReadonlyMap<string, string>;
}

/** How often the brokers are asked for a new topic before it counts as not there, and the pause between the questions is the client's. */
const VISIBLE_TRIES = 40;

const IN_SYNC = 'min.insync.replicas';

/** What a broker answers to a topic that it will never make. */
const IMPOSSIBLE = ['INVALID_REPLICATION_FACTOR', 'INVALID_CONFIG', 'INVALID_PARTITIONS', 'INVALID_TOPIC_EXCEPTION', 'POLICY_VIOLATION'];

/**
 * Compares topics with the cluster; an empty list means that all is as it has to be.
 * @throws KidjamoError LOG_UNAVAILABLE, or CONFIG_INVALID when the brokers refuse us.
 */
export async function inspectTopics(connection: KafkaConnection, specs: readonly TopicSpec[]): Promise<TopicDifference[]> {
  return withAdmin(connection, { what: 'comparing the topics' }, (admin) => inspect(admin, specs));
}

/**
 * Makes the topics that are missing and sets the settings that differ. Run again, or by two at once, it changes nothing more. Partitions
 * and copies of a topic that exists are never changed: records would lose their order, or move while they are read. Those stand in `differences`.
 * @throws KidjamoError CONFIG_INVALID when a specification cannot be met; LOG_UNAVAILABLE.
 */
export async function applyTopics(connection: KafkaConnection, specs: readonly TopicSpec[]): Promise<AppliedTopics> {
  for (const spec of specs) assertSensible(spec);
  return withAdmin(connection, { what: 'making the topics' }, async (admin) => {
    const before = await inspect(admin, specs);
    if (before.length === 0) return { created: [], configured: [], differences: [] };
    const missing = specs.filter(({ name }) => before.some(({ topic, kind }) => topic === name && kind === 'missing'));
    const created: string[] = [];
    for (const spec of missing) {
      if (await create(admin, spec)) created.push(spec.name);
    }
    // Made by a controller, a topic is not known to every broker at once.
    if (missing.length > 0) await admin.metadata({ topics: missing.map(({ name }) => name), forceUpdate: true, retries: VISIBLE_TRIES });
    const configured = await configure(admin, specs);
    return { created, configured, differences: await inspect(admin, specs) };
  });
}

/** Sets the settings that differ. Returns the topics that had such. */
async function configure(admin: Admin, specs: readonly TopicSpec[]): Promise<string[]> {
  const differences = await inspect(admin, specs);
  const configured: string[] = [];
  for (const spec of specs) {
    const settings = differences.flatMap(({ topic, setting }) => (topic === spec.name && setting !== undefined ? [setting] : []));
    if (settings.length === 0) continue;
    await set(admin, spec, settings);
    configured.push(spec.name);
  }
  return configured;
}

async function inspect(admin: Admin, specs: readonly TopicSpec[]): Promise<TopicDifference[]> {
  const found = await find(admin, specs);
  return specs.flatMap((spec) => compare(spec, found.get(spec.name)));
}

function compare(spec: TopicSpec, found: Found | undefined): TopicDifference[] {
  const topic = spec.name;
  if (found === undefined) return [{ topic, kind: 'missing', words: `${topic} does not exist. Remedy: kidjamo topics apply` }];
  const differences: TopicDifference[] = [];
  if (found.partitions !== spec.partitions) {
    const kind = found.partitions < spec.partitions ? 'too-few-partitions' : 'too-many-partitions';
    const words = `${topic} has ${found.partitions} partitions instead of ${spec.partitions}. Remedy: set KIDJAMO_PARTITIONS to ${found.partitions} for a new installation; the number is never changed under records`;
    differences.push({ topic, kind, words });
  }
  if (found.replication < spec.replication) {
    const words = `${topic} has ${found.replication} copies instead of ${spec.replication}. Remedy: kafka-reassign-partitions, or KAFKA_REPLICATION`;
    differences.push({ topic, kind: 'low-replication', words });
  }
  for (const [setting, wanted] of Object.entries(spec.config)) {
    const is = found.config.get(setting);
    if (is === wanted) continue;
    const words = `${topic} has ${setting}=${is ?? 'nothing'} instead of ${wanted}. Remedy: kidjamo topics apply`;
    differences.push({ topic, kind: 'config', setting, words });
  }
  const inSync = Number(found.config.get(IN_SYNC));
  if (inSync > found.replication) {
    const words = `${topic} takes no records: it asks for ${inSync} copies in sync and has ${found.replication}. Remedy: lower ${IN_SYNC}, or add copies`;
    differences.push({ topic, kind: 'min-in-sync', words });
  }
  return differences;
}

async function find(admin: Admin, specs: readonly TopicSpec[]): Promise<Map<string, Found>> {
  const existing = new Set(await admin.listTopics());
  const topics = specs.map(({ name }) => name).filter((name) => existing.has(name));
  if (topics.length === 0) return new Map();
  const metadata = await admin.metadata({ topics, forceUpdate: true });
  const described = await admin.describeConfigs({
    resources: topics.map((resourceName) => ({ resourceType: ConfigResourceTypes.TOPIC, resourceName })),
  });
  return new Map(
    [...metadata.topics].map(([name, { partitions, partitionsCount }]) => {
      const configs = described.find(({ resourceName }) => resourceName === name)?.configs ?? [];
      const config = new Map(configs.map((each) => [each.name, each.value ?? '']));
      return [name, { partitions: partitionsCount, replication: Math.min(...partitions.map(({ replicas }) => replicas.length)), config }];
    }),
  );
}

/** Makes a topic. False when another process was faster. */
async function create(admin: Admin, spec: TopicSpec): Promise<boolean> {
  try {
    await admin.createTopics({
      topics: [spec.name],
      partitions: spec.partitions,
      replicas: spec.replication,
      configs: Object.entries(spec.config).map(([name, value]) => ({ name, value })),
    });
    return true;
  } catch (error) {
    if (brokerSaid(error, 'TOPIC_ALREADY_EXISTS')) return false;
    throw impossible(error, spec);
  }
}

async function set(admin: Admin, spec: TopicSpec, settings: readonly string[]): Promise<void> {
  const configs = settings.map((name) => ({
    name,
    value: spec.config[name] ?? '',
    configOperation: IncrementalAlterConfigOperationTypes.SET,
  }));
  const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: spec.name, configs };
  await admin.incrementalAlterConfigs({ resources: [resource] }).catch((error: unknown) => {
    throw impossible(error, spec);
  });
}

/** The error to throw: what the brokers will refuse again is a matter of settings. */
function impossible(error: unknown, spec: TopicSpec): unknown {
  const said = IMPOSSIBLE.find((apiId) => brokerSaid(error, apiId));
  if (said === undefined) return error;
  const words = `the brokers refuse the topic ${spec.name} with ${spec.partitions} partitions and ${spec.replication} copies: ${said}`;
  return new KidjamoError(
    'CONFIG_INVALID',
    `${words}. Remedy: KAFKA_REPLICATION is at most the number of brokers; check the settings of the topic`,
    {
      cause: error,
    },
  );
}

/** A topic whose records can never be acknowledged is not made. */
function assertSensible(spec: TopicSpec): void {
  if (Number(spec.config[IN_SYNC] ?? 1) <= spec.replication) return;
  throw new KidjamoError(
    'CONFIG_INVALID',
    `${spec.name}: ${IN_SYNC} is ${String(spec.config[IN_SYNC])}, more than its ${spec.replication} copies; no record could be acknowledged. Remedy: lower it, or raise KAFKA_REPLICATION`,
  );
}
