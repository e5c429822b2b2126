/** What the gateway is told of the rest of Kidjamo. */

/** The true state of something that the gateway or the pipeline needs. */
export interface DependencyState {
  readonly ready: boolean;
  /** One sentence without secrets or identities. */
  readonly detail?: string;
}

/** Numbers and states from outside the gateway. The host implements it. */
export interface GatewayStatus {
  /** Readings that the task has stored. Answers at once, from what is known. */
  processedMessages(): number;
  /** Whether Kafka is connected; null when none is configured. */
  kafkaConnected(): boolean | null;
  /** Topics that records are relayed to; empty when Kafka is not configured. */
  kafkaTopics(): readonly string[];
  /** State by name of dependency, such as `database`, `log`, `task`. Never rejects, and answers within a second or two. */
  dependencies(): Promise<Readonly<Record<string, DependencyState>>>;
}
