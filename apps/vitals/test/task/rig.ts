/** The vitals task with everything in memory, and what it is fed with. */
import { MemoryTaskContext } from '@kidjamo/stream/testing';

import type { AlertOut, CallOut, ErrorOut, PaneOut, ReadingOut } from '../../src/contracts/outputs.ts';
import { LOGS } from '../../src/contracts/logs.ts';
import type { HeldReading, InputRecord, Reading } from '../../src/contracts/reading.ts';
import type { AlertLogRow, AlertRow, DeviceLogRow, MeasurementRow, PaneRow, QuarantineRow } from '../../src/contracts/rows.ts';
import { messageId } from '../../src/domain/ids.ts';
import type { VitalsTaskOptions } from '../../src/pipeline/task.ts';
import { createVitalsTask } from '../../src/pipeline/task.ts';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
/** 2026-11-20T08:00:00Z. */
export const T0 = Date.UTC(2026, 10, 20, 8);
export const PATIENT = '00000000-0000-4000-8000-00000000000a';
export const DEVICE = '00000000-0000-4000-8000-00000000000d';
export const OTHER_DEVICE = '00000000-0000-4000-8000-00000000000e';

/** A reading received half a second after it was measured, unless told otherwise. */
export function reading(changes: Partial<Reading> = {}): Reading {
  const at = changes.at ?? T0;
  const device = changes.device ?? DEVICE;
  const vitals = changes.vitals ?? { heart_rate: 72, spo2: 97 };
  return {
    kind: 'reading',
    id: messageId(device, at),
    patient: PATIENT,
    device,
    at,
    received: at + 500,
    correlation: `c-${at}`,
    digest: JSON.stringify(vitals),
    source: 'api',
    ...changes,
    vitals,
  };
}

export function held(changes: Partial<HeldReading> = {}): HeldReading {
  return {
    ...reading(),
    kind: 'held',
    quarantine: '00000000-0000-8000-8000-0000000000ff',
    reason: 'timestamp_old',
    patient_known: true,
    ...changes,
  };
}

export class Rig {
  readonly context: MemoryTaskContext<InputRecord>;

  constructor(options: VitalsTaskOptions = {}) {
    this.context = new MemoryTaskContext(createVitalsTask(options));
  }

  /** Feeds records at the log time of their receipt, or at `time`. */
  feed(records: InputRecord | readonly InputRecord[], time?: number): this {
    for (const record of [records].flat()) this.context.feed(record, time ?? Math.max(this.context.logTime, record.received));
    return this;
  }

  get measurements(): MeasurementRow[] {
    return this.#rows('measurements');
  }

  get panes(): PaneRow[] {
    return this.#rows('window_panes');
  }

  get quarantine(): QuarantineRow[] {
    return this.#rows('quarantine');
  }

  get deviceLogs(): DeviceLogRow[] {
    return this.#rows('device_logs');
  }

  /** Every write of an alert, in order. */
  get alertWrites(): AlertRow[] {
    return this.#rows('alerts');
  }

  /** Alerts as the store has them: whole rows and changes put together, in the order of creation. */
  get alerts(): AlertRow[] {
    const last = new Map<string, AlertRow>();
    for (const row of this.alertWrites) last.set(row.alert_id, { ...last.get(row.alert_id), ...row });
    return [...last.values()];
  }

  /** What happened to alerts. */
  get alertLogs(): AlertLogRow[] {
    return this.#rows('alert_status_logs');
  }

  get calls(): CallOut[] {
    return this.#out(LOGS.calls);
  }

  get readingsOut(): ReadingOut[] {
    return this.#out(LOGS.readings);
  }

  get alertsOut(): AlertOut[] {
    return this.#out(LOGS.alerts);
  }

  get panesOut(): PaneOut[] {
    return this.#out(LOGS.panes);
  }

  get errorsOut(): ErrorOut[] {
    return this.#out(LOGS.errors);
  }

  count(counter: string): number {
    return this.context.counters.get(counter) ?? 0;
  }

  #rows<R>(table: string): R[] {
    return (this.context.rows.get(table) ?? []) as R[];
  }

  #out<R>(log: string): R[] {
    return (this.context.outputs.get(log) ?? []).map(({ value }) => value as R);
  }
}
