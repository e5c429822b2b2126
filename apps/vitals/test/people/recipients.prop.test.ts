import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { LAST_LEVEL, recipientsOf } from '../../src/people/recipients.ts';
import type { PersonOut, Team } from '../../src/people/schemas.ts';

const person = (n: number): PersonOut => ({
  user_id: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  role: 'parent',
  first_name: 'A',
  last_name: String(n),
  email: null,
  phone: null,
  language: 'fr',
  timezone: 'Europe/Paris',
  preferences: {},
  is_active: true,
});
const caregiver = (n: number, priority: number): Team['caregivers'][number] => ({
  ...person(n),
  relationship: 'parent',
  priority_level: priority,
  can_acknowledge_alerts: true,
});
const clinician = (n: number, as: string): Team['clinicians'][number] => ({ ...person(n), assigned_as: as, is_primary: false });
const numbers = (people: readonly PersonOut[]): number[] => people.map(({ last_name: name }) => Number(name)).sort((a, b) => a - b);

const team: Team = {
  caregivers: [caregiver(1, 1), caregiver(2, 2), caregiver(3, 3), caregiver(4, 1)],
  clinicians: [clinician(10, 'médecin_traitant'), clinician(11, 'consultant')],
  on_call: [person(20), person(11)],
};

describe('who is called', () => {
  test.each([
    [0, [1, 4]],
    [1, [2, 3, 10]],
    [2, [11, 20]],
    [3, [1, 2, 3, 4, 10, 11]],
    [4, [1, 2, 3, 4, 10, 11]],
    [99, [1, 2, 3, 4, 10, 11]],
  ])('at level %i: %j', (level, wanted) => {
    expect(numbers(recipientsOf(team, level))).toEqual(wanted);
  });

  test('without a roster, everyone assigned in place of who is on call', () => {
    expect(numbers(recipientsOf({ ...team, on_call: [] }, 2))).toEqual([1, 2, 3, 4, 10, 11]);
  });

  test('nobody where there is nobody', () => {
    const alone: Team = { caregivers: [], clinicians: [clinician(11, 'consultant')], on_call: [] };
    expect([0, 1, 2, 3].map((level) => numbers(recipientsOf(alone, level)))).toEqual([[], [], [11], [11]]);
  });

  const teams = fc.record({
    caregivers: fc.array(fc.tuple(fc.nat(9), fc.integer({ min: 1, max: 3 })), { maxLength: 6 }),
    clinicians: fc.array(fc.tuple(fc.nat(9), fc.constantFrom('médecin_traitant', 'spécialiste', 'urgentiste', 'consultant')), {
      maxLength: 6,
    }),
    on_call: fc.array(fc.nat(9), { maxLength: 3 }),
  });

  test('whatever the team: each once, and everyone assigned by the last level', () => {
    fc.assert(
      fc.property(teams, ({ caregivers, clinicians, on_call }) => {
        const drawn: Team = {
          caregivers: caregivers.map(([n, priority]) => caregiver(n, priority)),
          clinicians: clinicians.map(([n, as]) => clinician(n, as)),
          on_call: on_call.map(person),
        };
        const assigned = new Set([...drawn.caregivers, ...drawn.clinicians].map(({ user_id: id }) => id));
        for (let level = 0; level <= LAST_LEVEL; level += 1) {
          const ids = recipientsOf(drawn, level).map(({ user_id: id }) => id);
          expect(new Set(ids).size).toBe(ids.length);
          if (level !== 2) for (const id of ids) expect(assigned.has(id)).toBe(true);
        }
        expect(new Set(recipientsOf(drawn, LAST_LEVEL).map(({ user_id: id }) => id))).toEqual(assigned);
        // Nobody is left without a call because a roster is empty.
        if (on_call.length === 0) expect(recipientsOf(drawn, 2).length).toBe(assigned.size);
      }),
    );
  });
});
