import { describe, expect, it } from 'vitest';

import { Board } from '../src/read/live/board.ts';
import type { LiveAlert, LivePatient, LiveReading } from '../src/read/live/model.ts';

const NOW = 10_000_000;
const NOBODY = { patients: 0, open_critical: 0, open_critical_history: 0 };

function reading(at: number, received = at): LiveReading {
  return {
    recorded_at: at,
    received_at: received,
    quality_flag: 'ok',
    low_confidence: false,
    imported: false,
    breaches: [],
    heart_rate_bpm: 70,
    respiratory_rate_min: null,
    spo2_percent: at,
    temperature_celsius: null,
    ambient_temp_celsius: null,
    hydration_percent: null,
    activity_level: null,
    heat_index_celsius: null,
    pain_scale: null,
    battery_percent: null,
  };
}

function alert(patient: string | null, id: string): LiveAlert {
  return {
    alert_id: id,
    patient_id: patient,
    alert_type: 'CRITICAL_SPO2',
    severity: 'critical',
    title: '',
    status: 'active',
    uncertain: false,
    history: false,
    first_seen_at: 1,
    last_seen_at: 1,
    created_at: 1,
    acknowledged_at: null,
    breach_count: 1,
  };
}

function patient(id: string, heardAt: number, alerts: readonly LiveAlert[] = []): LivePatient {
  return { patient_id: id, external_id: null, genotype: null, age_band: null, reading: reading(1, heardAt), trail: [], alerts };
}

function board(size: number, ...patients: LivePatient[]): Board {
  const made = new Board({ size, trail: 3 });
  made.load(
    patients,
    patients.flatMap((card) => card.alerts),
    NOBODY,
  );
  return made;
}

describe('readings', () => {
  it('replace the newest by event time, never by arrival', () => {
    const made = board(5, patient('a', 1));
    expect(made.apply('a', reading(5))).toBe('newest');
    expect(made.apply('a', reading(4))).toBe('older');
    expect(made.apply('a', reading(5))).toBe('older');
    expect(made.apply('b', reading(9))).toBe('unknown');
    expect(made.reading('a')?.recorded_at).toBe(5);
  });

  it('leave a trail of bounded length', () => {
    const made = board(5, patient('a', 1));
    for (let at = 2; at < 10; at += 1) made.apply('a', reading(at));
    expect(made.snapshot(NOW, true).patients[0]?.trail.map(([at]) => at)).toEqual([7, 8, 9]);
  });
});

describe('alerts', () => {
  it('tell whose changed, who lost them, and who is not on the board', () => {
    const made = board(5, patient('a', 1, [alert('a', '1')]), patient('b', 1), patient('c', 1, [alert('c', '3')]));
    const { changed, missing } = made.setAlerts([alert('b', '2'), alert('c', '3'), alert('z', '4'), alert(null, '5')]);
    expect(changed).toEqual([
      { patient_id: null, alerts: [alert(null, '5')] },
      { patient_id: 'a', alerts: [] },
      { patient_id: 'b', alerts: [alert('b', '2')] },
    ]);
    expect(missing).toEqual(['z']);
    expect(made.setAlerts([alert('b', '2'), alert('c', '3'), alert(null, '5')]).changed).toEqual([]);
  });
});

describe('a full board', () => {
  it('lets a patient with an alert take the place of the one longest silent without', () => {
    const made = board(2, patient('a', NOW, [alert('a', '1')]), patient('b', NOW), patient('c', NOW));
    expect(made.admit([patient('z', NOW, [alert('z', '9')])], NOW)).toMatchObject({ patients: [{ patient_id: 'z' }], gone: ['b'] });
    expect(made.ids).toEqual(['a', 'z']);
  });

  it('never gives the place of a patient with an alert away', () => {
    const made = board(1, patient('a', 0, [alert('a', '1')]));
    expect(made.admit([patient('z', NOW, [alert('z', '9')])], NOW)).toEqual({ patients: [], gone: [] });
  });

  it('lets a patient without an alert take only the place of an idle one', () => {
    const made = board(1, patient('a', NOW - 599_999));
    expect(made.hasRoom(NOW)).toBe(false);
    expect(made.admit([patient('z', NOW)], NOW).patients).toEqual([]);
    expect(made.hasRoom(NOW + 1)).toBe(true);
    expect(made.admit([patient('z', NOW)], NOW + 1).gone).toEqual(['a']);
  });
});
