/** Apache Kafka for tests: one broker for a run, started when the first test file asks for it, and clusters of their own for tests of faults. */

export { describeKafka, describeKafkaCluster, uniqueName } from './describe-kafka.ts';
export { prepareTestKafka } from './test-cluster.ts';
export type { ClusterOptions, TestCluster } from './test-cluster.ts';
export type { ClusterDescription } from './kafka-script.ts';
