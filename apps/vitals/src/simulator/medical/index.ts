/** The medical simulator, as others see it. */

export { inOrderOfReceipt } from './receipt.ts';
export type { ReceivedSample } from './receipt.ts';
export { RATE_KINDS, ratesWith } from './rates.ts';
export type { ArtefactKind, EpisodeKind, RateKind, Rates } from './rates.ts';
export { medicalSamples } from './simulation.ts';
export type { MedicalOptions, Sample } from './simulation.ts';
export type { TruthRecord } from './truth.ts';
export { wireReading } from './wire.ts';
export type { WireReading } from './wire.ts';
