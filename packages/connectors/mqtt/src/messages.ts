/** What a device says over MQTT, and whom it is handed to. */

/** Topics that devices publish on: `kidjamo/v1/devices/{device_id}/vitals` and `/status`. */
export type Channel = 'vitals' | 'status';

/** A message of a device. */
export interface DeviceMessage {
  /** The device id in the topic. */
  readonly device: string;
  readonly channel: Channel;
  /** As received. */
  readonly payload: Buffer;
}

/** A device that was cut off without saying goodbye. */
export interface Loss {
  readonly device: string;
  /** Payload of the last will that the device left. */
  readonly will?: Buffer;
}

/** What became of a message. All of them are durable: `quarantined` waits or has parts that wait, `rejected` has nothing that could be taken. */
export type Verdict = 'accepted' | 'quarantined' | 'rejected';

/** Whoever keeps what devices say. */
export interface MessageKeeper {
  /**
   * Resolves when the message is durable, whatever it holds.
   * @throws KidjamoError, retryable, when it cannot be kept now. It may have been kept; sent again it is a duplicate.
   */
  take(message: DeviceMessage): Promise<Verdict>;
  /**
   * Resolves when it is durable that the device is offline.
   * @throws KidjamoError, retryable, when it cannot be kept now.
   */
  lost(loss: Loss): Promise<void>;
}

/** What is told of the messages and connections; nothing here names a device. */
export interface MqttMetrics {
  /** A message, by what became of it. */
  countMessage(result: Verdict | 'unavailable' | 'refused' | 'failed'): void;
  /** A device that was cut off. */
  countLoss(): void;
  /** A fault for the log. The error may be shown; it holds no identity. */
  fault(error: unknown, what: string): void;
}

const PREFIX = 'kidjamo/v1/devices/';
/** Characters of a device id, as in the formats at the door. */
const MAX_DEVICE = 128;
const TOPIC = /^kidjamo\/v1\/devices\/([^/+#\p{Cc}\p{Cs}]+)\/(vitals|status)$/u;

/** Filters that match every topic of a device, for a client of an external broker. */
export const DEVICE_FILTERS: readonly string[] = [`${PREFIX}+/vitals`, `${PREFIX}+/status`];

/** The device and channel of a topic, or undefined when it is none of ours. */
export function readTopic(topic: string): { readonly device: string; readonly channel: Channel } | undefined {
  const [, device, channel] = TOPIC.exec(topic) ?? [];
  if (device === undefined || device.length > MAX_DEVICE) return undefined;
  return { device, channel: channel === 'status' ? 'status' : 'vitals' };
}

/** Whether a text can stand for a device in a topic. */
export function isDeviceId(text: string): boolean {
  return readTopic(`${PREFIX}${text}/status`) !== undefined;
}
