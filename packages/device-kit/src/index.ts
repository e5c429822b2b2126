/** Client of Kidjamo for devices and the gateways beside them. */

export type { RetryOptions } from './backoff.ts';
export type { Clock, Random } from './clock.ts';
export { DeviceKitError } from './errors.ts';
export type { DeviceKitErrorCode } from './errors.ts';
export { DeviceKit } from './kit.ts';
export type { DeviceKitEvents, DeviceKitOptions, DeviceKitStatus } from './kit.ts';
export type { Reading, Vitals } from './reading.ts';
export type { BatchOptions, Counts } from './sender.ts';
export { httpTransport } from './transport/http.ts';
export type { HttpOptions } from './transport/http.ts';
export type { Delivery, ItemResult, OutgoingBatch, Transport } from './transport/transport.ts';
