/** The people of the demonstration: a mother and a treating clinician for its patients, and a clinician on call for everybody else. */

import { KidjamoError } from '@kidjamo/stream';

/** ms: how long the clinician of the demonstration is on call. */
const ON_CALL = 30 * 24 * 60 * 60_000;

/** The demonstration's way to the API. */
export interface DemoApi {
  readonly api: string;
  /** `KIDJAMO_OPERATOR_TOKEN`; empty when none is set. */
  readonly token: string;
  /** ms since the epoch. */
  readonly now: number;
}

/** Those who look after the patients of the demonstration. */
export interface DemoPeople {
  readonly mother: string;
  readonly doctor: string;
}

/** Makes them known; undefined when an earlier start in this home has done so. */
export async function addDemoPeople(door: DemoApi): Promise<DemoPeople | undefined> {
  const mother = await ask(door, '/people', {
    ...{ role: 'parent', first_name: 'Awa', last_name: 'Démo', language: 'fr', email: 'awa@demo.invalid' },
  });
  // The address is taken: they are known.
  if (mother === undefined) return undefined;
  const doctor = await ask(door, '/people', {
    ...{ role: 'medecin', first_name: 'Mariama', last_name: 'Démo', language: 'fr', email: 'mariama@demo.invalid' },
  });
  const people = { mother: idOf(mother), doctor: idOf(doctor) };
  await ask(door, `/people/${people.doctor}/clinician`, { license_number: 'DEMO-1' });
  await ask(door, '/on-call', {
    clinician_id: people.doctor,
    starts_at: new Date(door.now).toISOString(),
    ends_at: new Date(door.now + ON_CALL).toISOString(),
  });
  return people;
}

/** Says that they look after every patient there is. */
export async function lookAfterAll(door: DemoApi, { mother, doctor }: DemoPeople): Promise<void> {
  const { items } = (await ask(door, '/patients')) as { items: readonly { patient_id: string }[] };
  for (const { patient_id: patient } of items) {
    const care = { user_id: mother, relationship: 'parent', priority_level: 1, can_acknowledge_alerts: true };
    await ask(door, `/patients/${patient}/caregivers`, care);
    await ask(door, `/patients/${patient}/clinicians`, { clinician_id: doctor, role: 'médecin_traitant', is_primary: true });
  }
}

/** Gets, or posts `body`. Undefined when what is asked for is there already. */
async function ask({ api, token }: DemoApi, path: string, body?: object): Promise<Readonly<Record<string, unknown>> | undefined> {
  const answer = await fetch(`${api}/api/v1${path}`, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json', ...(token === '' ? {} : { authorization: `Bearer ${token}` }) },
  });
  if (answer.ok) return (await answer.json()) as Readonly<Record<string, unknown>>;
  await answer.body?.cancel();
  if (answer.status === 409 || answer.status === 422) return undefined;
  throw new KidjamoError(
    'INSTANCE_UNREACHABLE',
    `the people of the demonstration could not be made known: the API answers ${answer.status}`,
  );
}

function idOf(person: Readonly<Record<string, unknown>> | undefined): string {
  const id = person?.['user_id'];
  if (typeof id !== 'string') throw new KidjamoError('INSTANCE_UNREACHABLE', 'the API has not said under which id it knows a person');
  return id;
}
