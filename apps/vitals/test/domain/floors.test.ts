import { describe, expect, test } from 'vitest';

import type { Vitals } from '../../src/contracts/reading.ts';
import { breaches, EMERGENCY_PROTOCOL, FLOOR_CODES, FLOORS } from '../../src/domain/floors.ts';

const SPO2 = 'CRITICAL_SPO2';
const TEMPERATURE = 'CRITICAL_TEMPERATURE';
const HEART_RATE = 'CRITICAL_HEART_RATE';
const COMBINATION = 'CRITICAL_COMBINATION_FEVER_SPO2';

describe('floors', () => {
  test.each<[Vitals, string[]]>([
    [{}, []],
    [{ spo2: 88 }, []],
    [{ spo2: 87.99 }, [SPO2]],
    [{ spo2: 0 }, [SPO2]],
    [{ temperature: 37.99 }, []],
    [{ temperature: 38 }, [TEMPERATURE]],
    [{ temperature: 98.6 }, [TEMPERATURE]],
    [{ temperature: -17.8 }, []],
    [{ heart_rate: 40 }, []],
    [{ heart_rate: 39.99 }, [HEART_RATE]],
    [{ heart_rate: 0 }, [HEART_RATE]],
    [{ heart_rate: 180 }, []],
    [{ heart_rate: 180.01 }, [HEART_RATE]],
    [{ spo2: 92, temperature: 38 }, [TEMPERATURE, COMBINATION]],
    [{ spo2: 92.01, temperature: 38 }, [TEMPERATURE]],
    [{ spo2: 92, temperature: 37.99 }, []],
    [{ spo2: 60, temperature: 41, heart_rate: 200 }, [SPO2, TEMPERATURE, HEART_RATE, COMBINATION]],
    [{ resp_rate: 99, hydration: 0, pain: 10, ambient_temp: 50 }, []],
  ])('%j breaches %j', (vitals, codes) => {
    expect(breaches(vitals)).toEqual(codes);
  });

  test('are critical, and name their limit and version', () => {
    for (const code of FLOOR_CODES) {
      expect(FLOORS[code]).toMatchObject({ code, severity: 'critical' });
      expect(FLOORS[code].limit).not.toBe('');
      expect(FLOORS[code].version).toMatch(/^\d+\.\d+\.\d+$/);
    }
  });

  test('call for the emergency protocol from 38.5 on', () => {
    for (const code of [TEMPERATURE, COMBINATION] as const) {
      expect(FLOORS[code].tags({ temperature: 38.49, spo2: 90 })).toEqual([]);
      expect(FLOORS[code].tags({ temperature: 38.5, spo2: 90 })).toEqual([EMERGENCY_PROTOCOL]);
    }
    expect(FLOORS[SPO2].tags({ temperature: 40, spo2: 80 })).toEqual([]);
  });
});
