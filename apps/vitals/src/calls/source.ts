/** Reads the log of calls for the notifier: who stands behind the patient now, how each of them wants to be told, and what the call says. */

import type { Call, CallSource, NotifyRequest, ReadCall, Recipient } from '@kidjamo/connector-notify';
import { hasCode, KidjamoError } from '@kidjamo/stream';
import type { Clock, Log, NewRecord, Records } from '@kidjamo/stream';
import type { Pool } from 'pg';

import { LOGS } from '../contracts/logs.ts';
import type { CallOut } from '../contracts/outputs.ts';
import { partitionOf } from '../contracts/partition.ts';
import type { Unreached } from '../contracts/reading.ts';
import { People } from '../people/people.ts';
import type { Team } from '../people/schemas.ts';
import { SYSTEM } from '../read/actor.ts';
import type { Database } from '../read/repository/database.ts';
import { findPatient } from '../read/repository/patients.ts';
import { audienceOf, recipientOf } from './audience.ts';
import { callOf } from './call.ts';
import { parseCall } from './schema.ts';

/** What the calls are read with. */
export interface VitalsCallsOptions {
  readonly pool: Pool;
  readonly clock: Clock;
  /** The input log, which hears of calls that reach nobody. Asked for when there is one: it may be away while people can be told. */
  readonly input: () => Promise<Log>;
  /** Address of the live page, as recipients reach it, without a slash at its end. */
  readonly publicUrl: string;
  /** Systems that hear every call. */
  readonly systems: readonly Recipient[];
}

/** Patients looked up at a time. */
const AT_ONCE = 4;

interface Around {
  readonly team: Team;
  /** What senders call the patient; nothing where nobody knows the patient. */
  readonly name: string | undefined;
}

export class VitalsCalls implements CallSource {
  readonly log = LOGS.calls;
  readonly #options: VitalsCallsOptions;
  readonly #people: People;
  readonly #database: Database;

  constructor(options: VitalsCallsOptions) {
    const { pool, clock } = options;
    this.#options = options;
    this.#people = new People({ pool, clock });
    this.#database = { pool, now: () => clock.now() };
  }

  async read(records: Records): Promise<readonly ReadCall[]> {
    const read = Array.from(records, ({ offset, value }) => ({ offset, out: parseCall(value) }));
    const around = await this.#lookUp(read.flatMap(({ out }) => (typeof out === 'string' ? [] : [out.patient_id])));
    return read.map(({ offset, out }): ReadCall => {
      if (typeof out === 'string') return { offset, reason: out };
      return { offset, request: this.#requestOf(out, around.get(out.patient_id)) };
    });
  }

  /** Tells the alarm engine of calls that reach nobody. One that hears of a step that is over passes it over. @throws KidjamoError LOG_* */
  async handBack(calls: readonly Call[]): Promise<void> {
    const { clock } = this.#options;
    const input = await this.#options.input();
    const records = calls.flatMap(({ id, patient, correlation = id }): NewRecord[] => {
      if (patient === undefined) return [];
      const record: Unreached = { kind: 'unreached', patient, step: id, received: clock.now(), correlation };
      return [{ partition: partitionOf(patient, input.partitions), key: patient, value: JSON.stringify(record) }];
    });
    await input.append(records);
  }

  #requestOf(out: CallOut, around: Around | undefined): NotifyRequest {
    if (around === undefined) throw new KidjamoError('CONFORMANCE', 'a patient of the batch was not looked up');
    const { publicUrl, systems } = this.#options;
    const people = audienceOf(around.team, out).map((person) => recipientOf(person, out.severity));
    return {
      call: callOf(out, { publicUrl, patientName: around.name }),
      recipients: [...people, ...systems],
    };
  }

  /** By patient. */
  async #lookUp(patients: readonly string[]): Promise<ReadonlyMap<string, Around>> {
    const found = new Map<string, Around>();
    const distinct = [...new Set(patients)];
    for (let i = 0; i < distinct.length; i += AT_ONCE) {
      await Promise.all(
        distinct.slice(i, i + AT_ONCE).map(async (patient) => {
          const [team, name] = await Promise.all([this.#people.team(SYSTEM, patient), this.#nameOf(patient)]);
          found.set(patient, { team, name });
        }),
      );
    }
    return found;
  }

  async #nameOf(patient: string): Promise<string | undefined> {
    try {
      return (await findPatient(this.#database, SYSTEM, patient)).external_id ?? undefined;
    } catch (error) {
      // A stand-in for a patient whom nobody knows.
      if (hasCode(error, 'NOT_FOUND')) return undefined;
      throw error;
    }
  }
}
