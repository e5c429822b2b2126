/** People and their ties to patients, as they are given and answered. One schema gives the type, the validation and the OpenAPI document. */

import { Type } from 'typebox';
import type { Static, TSchema } from 'typebox';

import { SEVERITIES } from '../contracts/reading.ts';

/** Text for people: neither control characters nor halves of surrogate pairs, which PostgreSQL does not take. */
export const words = (maxLength: number, minLength = 1) => Type.String({ minLength, maxLength, pattern: '^[^\\p{Cc}\\p{Cs}]*$' });
const choice = <const T extends readonly string[]>(values: T) => Type.Unsafe<T[number]>(Type.Enum([...values]));
const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
/** An internal id. */
export const uuid = () => Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' });
const closed = { additionalProperties: false };

/** 9999-12-31, ms. */
const LATEST = 253_402_214_400_000;
const ROLES = ['patient', 'tuteur', 'parent', 'visiteur', 'medecin', 'admin'] as const;
const CHANNELS = ['email', 'sms', 'push'] as const;
const HOUR = Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$', description: 'In the time zone of the person.' });

const KEY = Type.String({ maxLength: 128, pattern: '^[A-Za-z0-9_-]+={0,2}$' });

/** A browser that takes pushes. */
const Subscription = Type.Object(
  { endpoint: Type.String({ maxLength: 1000, pattern: '^https://[!-~]+$' }), keys: Type.Object({ p256dh: KEY, auth: KEY }, closed) },
  closed,
);

/** How somebody wants to be told. */
const Preferences = Type.Object(
  {
    channels: Type.Optional(Type.Array(choice(CHANNELS), { maxItems: 3, uniqueItems: true, description: 'The first is tried first.' })),
    quiet: Type.Optional(Type.Object({ from: HOUR, to: HOUR }, closed)),
    subscriptions: Type.Optional(
      Type.Array(Subscription, {
        maxItems: 5,
        description: 'Browsers to push to, each as its PushSubscription tells. The first is tried first.',
      }),
    ),
  },
  { ...closed, description: 'Quiet hours never hold for critical alarms.' },
);

/** A person to be made known. */
export const NewPerson = Type.Object(
  {
    role: choice(ROLES),
    first_name: words(100),
    last_name: words(100),
    email: Type.Optional(Type.String({ maxLength: 254, pattern: '^[^\\s@\\p{Cc}\\p{Cs}]+@[^\\s@\\p{Cc}\\p{Cs}]+$' })),
    phone: Type.Optional(Type.String({ pattern: '^\\+?[0-9 ().-]{5,30}$' })),
    language: Type.Optional(choice(['fr', 'en'])),
    timezone: Type.Optional(Type.String({ maxLength: 64, pattern: '^[A-Za-z]+(/[A-Za-z0-9_+-]+)*$' })),
    preferences: Type.Optional(Preferences),
    is_active: Type.Optional(Type.Boolean({ description: 'Who is not active is never called and may do nothing.' })),
  },
  closed,
);

/** What changes of a person; members that are absent stay as they are. */
export const PersonChange = Type.Partial(Type.Omit(NewPerson, ['role']), { ...closed, minProperties: 1 });

/** A person as stored. */
export const PersonOut = Type.Object({
  user_id: uuid(),
  role: choice(ROLES),
  first_name: Type.String(),
  last_name: Type.String(),
  email: nullable(Type.String()),
  phone: nullable(Type.String()),
  language: choice(['fr', 'en']),
  timezone: Type.String(),
  preferences: Preferences,
  is_active: Type.Boolean(),
});

/** Somebody who looks after a patient. */
export const CaregiverLink = Type.Object(
  {
    user_id: uuid(),
    relationship: choice(['parent', 'tuteur', 'famille', 'ami_proche']),
    priority_level: Type.Integer({ minimum: 1, maximum: 3, description: '1 is called first.' }),
    can_acknowledge_alerts: Type.Boolean(),
  },
  closed,
);

/** What makes a person a clinician. */
export const ClinicianRecord = Type.Object(
  {
    license_number: words(64),
    specialty: Type.Optional(words(100)),
    service_location: Type.Optional(words(200)),
    hospital_name: Type.Optional(words(200)),
    can_prescribe: Type.Optional(Type.Boolean()),
  },
  closed,
);

/** A clinician assigned to a patient. */
export const Assignment = Type.Object(
  {
    clinician_id: uuid(),
    role: choice(['médecin_traitant', 'spécialiste', 'urgentiste', 'consultant']),
    is_primary: Type.Optional(Type.Boolean({ description: 'At most one treating clinician of a patient is.' })),
  },
  closed,
);

/** Time on call. */
export const Shift = Type.Object(
  { clinician_id: uuid(), starts_at: Type.String({ maxLength: 50 }), ends_at: Type.String({ maxLength: 50 }) },
  closed,
);

/** Who stands behind a patient. */
export const Team = Type.Object({
  caregivers: Type.Array(Type.Object({ ...PersonOut.properties, ...Type.Omit(CaregiverLink, ['user_id']).properties })),
  clinicians: Type.Array(Type.Object({ ...PersonOut.properties, assigned_as: Type.String(), is_primary: Type.Boolean() })),
  on_call: Type.Array(PersonOut),
});

/** What a clinician changes of the rules for a patient; the catalogue of rules is checked beside it. Times are ms since the epoch. */
export const OverrideBody = Type.Object(
  {
    kind: choice(['limit', 'disable', 'enable', 'baseline']),
    rule: Type.Optional(words(64)),
    severity: Type.Optional(choice(SEVERITIES)),
    limit: Type.Optional(words(32)),
    value: Type.Optional(Type.Number()),
    reason: words(500, 5),
    from: Type.Number({ minimum: 0, maximum: LATEST }),
    expires: Type.Number({ minimum: 0, maximum: LATEST }),
  },
  closed,
);

/** Such a change as stored. Times are ms since the epoch. */
export const OverrideOut = Type.Object({
  override_id: uuid(),
  patient_id: uuid(),
  kind: choice(['limit', 'disable', 'enable', 'baseline']),
  rule: nullable(Type.String()),
  severity: nullable(choice(SEVERITIES)),
  limit_name: nullable(Type.String()),
  value: nullable(Type.Number()),
  set_by: uuid(),
  reason: Type.String(),
  starts_at: Type.Number(),
  expires_at: Type.Number(),
  revoked_at: nullable(Type.Number()),
  revoked_by: nullable(uuid()),
  revoke_reason: nullable(Type.String()),
});

/** What a change of the rules is answered with. */
export const OverrideAnswer = Type.Object({
  status: Type.Union([Type.Literal('applied'), Type.Literal('accepted')], {
    description: 'applied: it took effect. accepted: it is kept for good and will be judged; the list of overrides tells the outcome.',
  }),
  change_id: uuid(),
  override_id: uuid(),
  override: nullable(OverrideOut),
});

export type OverrideAnswer = Static<typeof OverrideAnswer>;
export type OverrideOut = Static<typeof OverrideOut>;
export type NewPerson = Static<typeof NewPerson>;
export type PersonChange = Static<typeof PersonChange>;
export type PersonOut = Static<typeof PersonOut>;
export type CaregiverLink = Static<typeof CaregiverLink>;
export type ClinicianRecord = Static<typeof ClinicianRecord> & { readonly user_id: string };
export type Assignment = Static<typeof Assignment>;
export type Shift = Static<typeof Shift>;
export type Team = Static<typeof Team>;
