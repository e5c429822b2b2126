/** The one layer through which people, their ties to patients and what may be done about them are reached. Every call is told who acts. */

import type { Clock } from '@kidjamo/stream';
import { KidjamoError } from '@kidjamo/stream';
import type { Pool } from 'pg';

import type { ActionName } from '../contracts/reading.ts';
import type { Acting, Person } from '../read/actor.ts';
import type { Database } from '../read/repository/database.ts';
import { listOverrides } from './overrides.ts';
import { addPerson, changePerson, findPerson, setClinician } from './persons.ts';
import { recipientsOf } from './recipients.ts';
import type {
  Assignment,
  CaregiverLink,
  ClinicianRecord,
  NewPerson,
  OverrideOut,
  PersonChange,
  PersonOut,
  Shift,
  Team,
} from './schemas.ts';
import type { Standing } from './standing.ts';
import { mayAct } from './standing.ts';
import { addShift, assign, readStanding, readTeam, removeCaregiver, removeShift, setCaregiver, unassign } from './ties.ts';

/**
 * People on PostgreSQL. Patients and people are named by their internal UUIDs. Whoever has no tie to a patient is answered as if there were
 * no such patient. Every call rejects with STORE_UNAVAILABLE when the database does not answer.
 */
export class People {
  readonly #database: Database;

  constructor(options: { readonly pool: Pool; readonly clock: Clock }) {
    this.#database = { pool: options.pool, now: () => options.clock.now() };
  }

  /**
   * @throws KidjamoError FORBIDDEN unless the operator acts; INPUT_INVALID when the e-mail address is somebody else's.
   */
  async addPerson(acting: Acting, person: NewPerson): Promise<PersonOut> {
    administers(acting);
    return addPerson(this.#database, acting, person);
  }

  /** @throws KidjamoError FORBIDDEN, NOT_FOUND, INPUT_INVALID. */
  async changePerson(acting: Acting, id: string, change: PersonChange): Promise<PersonOut> {
    administers(acting);
    return changePerson(this.#database, acting, { id, change });
  }

  /** The operator and Kidjamo itself see everybody, a person themselves. @throws KidjamoError NOT_FOUND. */
  async person(acting: Acting, id: string): Promise<PersonOut> {
    if (acting.kind === 'person' && acting.user !== id) throw new KidjamoError('NOT_FOUND', 'there is no such person');
    return findPerson(this.#database, acting, id);
  }

  /** @throws KidjamoError FORBIDDEN, NOT_FOUND, INPUT_INVALID when the licence is somebody else's. */
  async setClinician(acting: Acting, clinician: ClinicianRecord): Promise<void> {
    administers(acting);
    await setClinician(this.#database, acting, clinician);
  }

  /** @throws KidjamoError FORBIDDEN, NOT_FOUND. */
  async setCaregiver(acting: Acting, patient: string, value: CaregiverLink): Promise<void> {
    administers(acting);
    await setCaregiver(this.#database, acting, { patient, value });
  }

  /** @throws KidjamoError FORBIDDEN, NOT_FOUND. */
  async removeCaregiver(acting: Acting, patient: string, user: string): Promise<void> {
    administers(acting);
    await removeCaregiver(this.#database, acting, { patient, value: user });
  }

  /** @throws KidjamoError FORBIDDEN, NOT_FOUND. */
  async assign(acting: Acting, patient: string, value: Assignment): Promise<void> {
    administers(acting);
    await assign(this.#database, acting, { patient, value });
  }

  /** @throws KidjamoError FORBIDDEN, NOT_FOUND. */
  async unassign(acting: Acting, patient: string, clinician: string): Promise<void> {
    administers(acting);
    await unassign(this.#database, acting, { patient, value: clinician });
  }

  /** Answers the id of the shift. @throws KidjamoError FORBIDDEN, NOT_FOUND, INPUT_INVALID. */
  async addShift(acting: Acting, shift: Shift): Promise<string> {
    administers(acting);
    return addShift(this.#database, acting, shift);
  }

  /** @throws KidjamoError FORBIDDEN, NOT_FOUND. */
  async removeShift(acting: Acting, id: string): Promise<void> {
    administers(acting);
    await removeShift(this.#database, acting, id);
  }

  /** Who stands behind a patient now. @throws KidjamoError NOT_FOUND for a person without a tie to the patient. */
  async team(acting: Acting, patient: string): Promise<Team> {
    if (acting.kind === 'person') await this.#tied(acting, patient);
    return readTeam(this.#database, acting, patient);
  }

  /** Who is called at a level of escalation. Empty where a level has nobody. */
  async recipients(acting: Acting, patient: string, level: number): Promise<readonly PersonOut[]> {
    return recipientsOf(await this.team(acting, patient), level);
  }

  /**
   * What the person is to the patient, who may do this to the patient's alarms; null stands for an unknown patient.
   * @throws KidjamoError NOT_FOUND for a person without a tie to the patient; FORBIDDEN for one who may not do this, and for the operator,
   * who administers and does not treat.
   */
  async authorise(acting: Acting, patient: string | null, action: ActionName): Promise<{ person: Person; standing: Standing }> {
    if (acting.kind !== 'person') throw new KidjamoError('FORBIDDEN', 'an operator does not act on alarms: name the person who does');
    const standing = await this.#tied(acting, patient);
    if (!mayAct(standing, action)) throw new KidjamoError('FORBIDDEN', `the person may not ${action} alarms of this patient`);
    return { person: acting, standing };
  }

  /** @throws KidjamoError NOT_FOUND for a person without a tie to the patient. */
  async overrides(acting: Acting, patient: string): Promise<readonly OverrideOut[]> {
    if (acting.kind === 'person') await this.#tied(acting, patient);
    return listOverrides(this.#database, acting, patient);
  }

  /**
   * The person who acts, who may change rules for the patient.
   * @throws KidjamoError NOT_FOUND for a person without a tie to the patient; FORBIDDEN for everybody but clinicians.
   */
  async clinicianOf(acting: Acting, patient: string): Promise<string> {
    if (acting.kind !== 'person') throw new KidjamoError('FORBIDDEN', 'only a clinician of the patient changes rules');
    const { as } = await this.#tied(acting, patient);
    if (as !== 'clinician') throw new KidjamoError('FORBIDDEN', 'only a clinician of the patient changes rules');
    return acting.user;
  }

  async #tied(person: Person, patient: string | null): Promise<Standing> {
    const standing = await readStanding(this.#database, person, patient);
    if (standing === undefined) throw new KidjamoError('NOT_FOUND', 'there is no such patient');
    return standing;
  }
}

function administers(acting: Acting): void {
  if (acting.kind !== 'operator') throw new KidjamoError('FORBIDDEN', 'only an operator administers people');
}
