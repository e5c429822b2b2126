export { EmbeddedBroker, MAX_PACKET } from './embedded-broker.ts';
export type { BrokerTls, EmbeddedBrokerOptions } from './embedded-broker.ts';
export { ExternalClient } from './external-client.ts';
export type { ExternalClientOptions } from './external-client.ts';
export type { Channel, DeviceMessage, Loss, MessageKeeper, MqttMetrics, Verdict } from './messages.ts';
