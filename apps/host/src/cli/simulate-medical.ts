/** `kidjamo simulate --model medical`: the medical simulator, against the gateway or into a file. */

import { setImmediate } from 'node:timers/promises';

import { KidjamoError, systemClock } from '@kidjamo/stream';
import { inOrderOfReceipt, medicalSamples, RATE_KINDS, ratesWith, wireReading } from '@kidjamo/vitals';
import type { RateKind, ReceivedSample, TruthRecord, WireReading } from '@kidjamo/vitals';

import { LineFile } from './line-file.ts';
import { post } from './sender.ts';

/** What to simulate. */
export interface MedicalSimulation {
  readonly seed: number;
  readonly patients: number;
  readonly minutes: number;
  readonly intervalS: number;
  /** When it begins, ms since the epoch. */
  readonly from: number;
  /** Rates other than the usual, `kind=number`. */
  readonly rates: readonly string[];
  /** Where the ground truth is written to. */
  readonly truth: string | undefined;
  readonly onMinute: (minute: number, readings: number) => void;
}

/** Where the readings go. */
export type Destination =
  /** A file: nothing is sent, and nothing waited for. */
  | { readonly out: string }
  /** The gateway, at `speed` times the pace of life. */
  | { readonly api: string; readonly speed: number };

/** What a simulation came to. */
export interface MedicalCounts {
  readonly patients: number;
  /** Readings that bracelets sent. */
  sent: number;
  /** Those that the gateway keeps: accepted, known already, or in quarantine. All of them, where they went to a file. */
  acknowledged: number;
  quarantined: number;
  /** Floor breaches that the gateway told of. */
  critical_alerts: number;
  /** What is in the ground truth, by kind. */
  readonly episodes: Record<string, number>;
  readonly artefacts: Record<string, number>;
}

/** Where each format is posted to. */
const ROUTES: Readonly<Record<WireReading['format'], string>> = { nested: '/api/v1/measurements', cloud: '/v1/vitals' };
/** Readings in one request. */
const BATCH = 500;

/** Simulates until the time is over or `signal` aborts. @throws KidjamoError CONFIG_INVALID for a rate that cannot be. */
export async function simulateMedical(what: MedicalSimulation, to: Destination, signal: AbortSignal): Promise<MedicalCounts> {
  const counts: MedicalCounts = {
    patients: what.patients,
    sent: 0,
    acknowledged: 0,
    quarantined: 0,
    critical_alerts: 0,
    episodes: {},
    artefacts: {},
  };
  const rates = ratesWith(parseRates(what.rates));
  const truth = what.truth === undefined ? undefined : new LineFile(what.truth);
  try {
    const samples = medicalSamples({
      seed: what.seed,
      patients: what.patients,
      from: what.from,
      until: what.from + what.minutes * 60_000,
      intervalS: what.intervalS,
      rates,
      onTruth: (record) => {
        truth?.add(record);
        count(counts, record);
      },
    });
    const readings = inOrderOfReceipt(samples);
    if ('out' in to) await writeAll(readings, { what, counts, path: to.out }, signal);
    else await sendAll(readings, { what, counts, ...to }, signal);
  } finally {
    truth?.close();
  }
  return counts;
}

/** @throws KidjamoError CONFIG_INVALID */
function parseRates(given: readonly string[]): Partial<Record<RateKind, number>> {
  const rates: Partial<Record<RateKind, number>> = {};
  for (const text of given) {
    const [name = '', number = ''] = text.split('=', 2);
    const kind = RATE_KINDS.find((one) => one === name);
    if (kind === undefined || number.trim() === '' || !Number.isFinite(Number(number)))
      throw new KidjamoError('CONFIG_INVALID', `--rate must be kind=number, with a kind of ${RATE_KINDS.join(', ')}`);
    rates[kind] = Number(number);
  }
  return rates;
}

function count({ episodes, artefacts }: MedicalCounts, record: TruthRecord): void {
  if (record.type === 'episode') episodes[record.kind] = (episodes[record.kind] ?? 0) + 1;
  if (record.type === 'artefact') artefacts[record.kind] = (artefacts[record.kind] ?? 0) + 1;
}

interface Writing {
  readonly what: MedicalSimulation;
  readonly counts: MedicalCounts;
  readonly path: string;
}

async function writeAll(readings: Iterable<ReceivedSample>, { what, counts, path }: Writing, signal: AbortSignal): Promise<void> {
  const file = new LineFile(path);
  try {
    for (const { sent, received, at } of readings) {
      file.add({ received_at: new Date(received).toISOString(), ...wireReading(sent) });
      counts.sent += 1;
      counts.acknowledged += 1;
      if (counts.sent % BATCH !== 0) continue;
      what.onMinute((at - what.from) / 60_000, counts.sent);
      // So that Ctrl-C is heard.
      await setImmediate();
      if (signal.aborted) return;
    }
  } finally {
    file.close();
  }
}

interface Sending {
  readonly what: MedicalSimulation;
  readonly counts: MedicalCounts;
  readonly api: string;
  readonly speed: number;
}

async function sendAll(readings: Iterable<ReceivedSample>, sending: Sending, signal: AbortSignal): Promise<void> {
  const { what, counts, speed } = sending;
  const began = systemClock.now();
  let batch: ReceivedSample[] = [];
  const flush = async (): Promise<void> => {
    await sendBatch(batch, sending, signal);
    batch = [];
  };
  for (const reading of readings) {
    const wait = (reading.received - what.from) / speed - (systemClock.now() - began);
    if (wait > 0 || batch.length >= BATCH) {
      // What is due is not held back by what is not.
      await flush();
      what.onMinute((reading.at - what.from) / 60_000, counts.sent);
      if (wait > 0) await systemClock.sleep(wait, signal);
    }
    if (signal.aborted) return;
    batch.push(reading);
  }
  await flush();
}

async function sendBatch(batch: readonly ReceivedSample[], { api, counts }: Sending, signal: AbortSignal): Promise<void> {
  const wire = batch.map(({ sent }) => wireReading(sent));
  for (const format of ['nested', 'cloud'] as const) {
    const bodies = wire.filter((reading) => reading.format === format).map(({ body }) => JSON.stringify(body));
    if (bodies.length === 0 || signal.aborted) continue;
    counts.sent += bodies.length;
    const answer = await post({ url: `${api}${ROUTES[format]}`, body: bodies.join('\n'), type: 'application/x-ndjson' }, signal);
    if (answer.status !== 202 && answer.status !== 422)
      throw new KidjamoError('INPUT_INVALID', `the gateway answered ${answer.status} to simulated readings`);
    const { rejected = bodies.length, quarantined = 0, results } = answer.body;
    counts.acknowledged += bodies.length - Number(rejected);
    counts.quarantined += Number(quarantined);
    if (Array.isArray(results))
      for (const result of results as readonly { critical_alerts?: number }[]) counts.critical_alerts += result.critical_alerts ?? 0;
  }
}
