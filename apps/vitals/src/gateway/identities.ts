/**
 * Who a reading is about. Identities are resolved in groups and kept in a bounded cache; an identity never changes its internal UUID, so
 * the cache is never stale. Assignments do change: they are cached for {@link ASSIGNMENT_TTL} only.
 */

import { createHmac } from 'node:crypto';

import { storeError } from '@kidjamo/connector-postgres';
import { KidjamoError } from '@kidjamo/stream';
import type { Clock } from '@kidjamo/stream';
import type { Pool } from 'pg';

import { enrol } from './enrolment.ts';
import { GroupCommit } from './group-commit.ts';
import { RecentMap } from './recent.ts';

/** Identities as given. */
export interface Pair {
  readonly patient: string;
  readonly device: string;
}

/** Identities as used inside. */
export interface Resolved {
  /** Internal UUID, or a stand-in made from the unknown identity. */
  readonly patient: string;
  readonly device: string;
  /** Why the reading must wait, or undefined. */
  readonly waits: 'unknown_patient' | 'unassigned_device' | undefined;
}

/** What {@link Identities} needs. */
export interface IdentitiesOptions {
  readonly pool: Pool;
  readonly clock: Clock;
  /** Whether an unknown patient is enrolled provisionally, and a device needs no assignment. */
  readonly autoEnroll: boolean;
  /** Secret behind the stand-ins of unknown patients, so that nobody can guess the identity from them. */
  readonly secret: Buffer;
  /** Told of devices that exist since just now: nothing of theirs can have been stored before. */
  readonly onNewDevice: (device: string) => void;
}

/** Entries that each cache keeps at least. */
const CACHE = 100_000;
/** ms. */
const ASSIGNMENT_TTL = 5000;
/** ms: the store must answer within it. */
const DEADLINE = 4000;

type Lookup = ReadonlyMap<string, Resolved>;

export class Identities {
  readonly #options: IdentitiesOptions;
  readonly #patients = new RecentMap<string>(CACHE);
  readonly #devices = new RecentMap<string>(CACHE);
  /** Until when an assignment is trusted, by device and patient. */
  readonly #assigned = new RecentMap<number>(CACHE);
  readonly #loader: GroupCommit<readonly Pair[], Lookup>;

  constructor(options: IdentitiesOptions) {
    this.#options = options;
    this.#loader = new GroupCommit({
      clock: options.clock,
      run: async (groups: readonly (readonly Pair[])[]) => {
        const found = await this.#load(groups.flat());
        return groups.map(() => found);
      },
      weigh: (pairs) => pairs.length,
      maxRun: 5000,
      maxPending: 100_000,
      deadline: DEADLINE,
      late: 'STORE_UNAVAILABLE',
    });
  }

  /** From the cache alone, or undefined when the store must be asked. */
  cached({ patient: patientName, device: deviceName }: Pair): Resolved | undefined {
    const patient = this.#patients.get(patientName);
    if (patient === undefined) return undefined;
    const device = this.#devices.get(deviceName);
    if (device === undefined) return undefined;
    if (!this.#options.autoEnroll && (this.#assigned.get(pairKey(patient, device)) ?? 0) <= this.#options.clock.now()) return undefined;
    return { patient, device, waits: undefined };
  }

  /**
   * Resolves every pair, in order.
   * @throws KidjamoError STORE_UNAVAILABLE or OVERLOADED.
   */
  async resolve(pairs: readonly Pair[]): Promise<readonly Resolved[]> {
    const known = pairs.map((pair) => this.cached(pair));
    const missing = pairs.filter((_, i) => known[i] === undefined);
    if (missing.length === 0) return known.filter((resolved) => resolved !== undefined);
    const found = await this.#loader.call(missing);
    return pairs.map((pair, i) => {
      const resolved = known[i] ?? found.get(pairKey(pair.patient, pair.device));
      if (resolved === undefined) throw new KidjamoError('STORE_UNAVAILABLE', 'an identity was neither found nor made; send again');
      return resolved;
    });
  }

  /** Internal UUID of a patient, enrolled where allowed; undefined when unknown. */
  async patient(name: string): Promise<string | undefined> {
    const cached = this.#patients.get(name);
    if (cached !== undefined) return cached;
    try {
      const { ids } = await enrol(this.#options.pool, 'patients', { names: [name], make: this.#options.autoEnroll });
      const id = ids.get(name);
      if (id !== undefined) this.#patients.set(name, id);
      return id;
    } catch (error) {
      throw storeError(error);
    }
  }

  /** The UUID that stands for an unknown patient: always the same for the same identity, and telling nothing about it. */
  standIn(name: string): string {
    const mac = createHmac('sha256', this.#options.secret).update('unknown patient\u001f').update(name).digest('hex');
    return `${mac.slice(0, 8)}-${mac.slice(8, 12)}-8${mac.slice(13, 16)}-8${mac.slice(17, 20)}-${mac.slice(20, 32)}`;
  }

  async #load(pairs: readonly Pair[]): Promise<Lookup> {
    const { pool, autoEnroll, onNewDevice } = this.#options;
    try {
      const patients = await enrol(pool, 'patients', { names: [...new Set(pairs.map(({ patient }) => patient))], make: autoEnroll });
      // A device is made known even before it is assigned, so that it can be assigned by the name it gives.
      const devices = await enrol(pool, 'devices', { names: [...new Set(pairs.map(({ device }) => device))], make: true });
      for (const [name, id] of patients.ids) this.#patients.set(name, id);
      for (const [name, id] of devices.ids) this.#devices.set(name, id);
      for (const id of devices.made) onNewDevice(id);
      const assigned = autoEnroll ? undefined : await this.#assignments([...patients.ids.values()], [...devices.ids.values()]);
      return new Map(
        pairs.flatMap((pair): [string, Resolved][] => {
          const device = devices.ids.get(pair.device);
          if (device === undefined) return [];
          const patient = patients.ids.get(pair.patient);
          const key = pairKey(pair.patient, pair.device);
          if (patient === undefined) return [[key, { patient: this.standIn(pair.patient), device, waits: 'unknown_patient' }]];
          const free = assigned === undefined || assigned.has(pairKey(patient, device));
          return [[key, { patient, device, waits: free ? undefined : 'unassigned_device' }]];
        }),
      );
    } catch (error) {
      throw storeError(error);
    }
  }

  async #assignments(patients: readonly string[], devices: readonly string[]): Promise<ReadonlySet<string>> {
    const { pool, clock } = this.#options;
    const { rows } = await pool.query<{ patient_id: string; device_id: string }>(
      'SELECT patient_id, device_id FROM device_assignments WHERE device_id = ANY ($1::uuid[]) AND patient_id = ANY ($2::uuid[])',
      [devices, patients],
    );
    const until = clock.now() + ASSIGNMENT_TTL;
    const keys = rows.map((row) => pairKey(row.patient_id, row.device_id));
    for (const key of keys) this.#assigned.set(key, until);
    return new Set(keys);
  }
}

/** Identities hold no control characters, so U+001F keeps the two apart. */
function pairKey(patient: string, device: string): string {
  return `${patient}\u001f${device}`;
}
