import { describe, expect, test } from 'vitest';

import { ageAt } from '../../src/domain/age.ts';
import { DEVICE_EVENTS, deviceEvent, needsAttention } from '../../src/domain/device-status.ts';
import { heatIndex, noaa } from '../../src/domain/heat-index.ts';
import { activityLevel, hydrationFromVolumes, hydrationProxy } from '../../src/domain/hydration.ts';
import { acknowledgeBy, rankOf, severityOf } from '../../src/domain/severity.ts';

describe('the age band', () => {
  const day = (date: string, time = '00:00:00.000'): number => Date.parse(`${date}T${time}Z`);

  test.each([
    ['2026-11-20', 'G1'],
    ['2025-11-21', 'G1'],
    ['2025-11-20', 'G2'],
    ['2020-11-21', 'G2'],
    ['2020-11-20', 'G3'],
    ['2013-11-21', 'G3'],
    ['2013-11-20', 'G4'],
    ['2008-11-21', 'G4'],
    ['2008-11-20', 'G5'],
    ['1966-11-21', 'G5'],
    ['1966-11-20', 'G6'],
    ['1900-01-01', 'G6'],
  ])('of who was born on %s is %s on 2026-11-20', (birthDate, band) => {
    expect(ageAt(birthDate, day('2026-11-20'))).toEqual({ band, known: true });
  });

  test('changes at the first instant of the birthday', () => {
    expect(ageAt('2008-11-20', day('2026-11-20') - 1).band).toBe('G4');
    expect(ageAt('2008-11-20', day('2026-11-20')).band).toBe('G5');
  });

  test('of who was born on 29 February changes on 1 March', () => {
    expect(ageAt('2008-02-29', day('2026-02-28', '23:59:59.999')).band).toBe('G4');
    expect(ageAt('2008-02-29', day('2026-03-01')).band).toBe('G5');
    expect(ageAt('2008-02-29', day('2028-02-29')).band).toBe('G5');
  });

  test.each([undefined, null, '', 'unknown', '2026-11-21'])('of who was born on %s is unknown, and taken for G5', (birthDate) => {
    expect(ageAt(birthDate, day('2026-11-20'))).toEqual({ band: 'G5', known: false });
  });
});

describe('the heat index', () => {
  const of = (ambient?: number, changes: { humidity?: number; temperature?: number; hydration?: number } = {}) =>
    heatIndex({ ambient, humidity: changes.humidity, temperature: changes.temperature, hydration: changes.hydration });

  test('is unknown without an ambient temperature', () => {
    expect(of(undefined, { temperature: 39, hydration: 50, humidity: 50 })).toBeUndefined();
  });

  test.each([
    [25, {}, 25],
    [25, { temperature: 37.5 }, 25],
    [25, { temperature: 38.5 }, 27],
    [25, { hydration: 80 }, 25],
    [25, { hydration: 40 }, 27.5],
    [31, { temperature: 39, hydration: 64 }, 38],
    [30, { temperature: 39, hydration: 64 }, 34],
    [31, { temperature: 38, hydration: 64 }, 33],
    [31, { temperature: 39, hydration: 70 }, 34.6],
  ])('by the clinical proxy, ambient %s with %j, is %s', (ambient, changes, value) => {
    expect(of(ambient, changes)).toEqual({ value, method: 'clinical_proxy' });
  });

  // Rows of the heat index chart of the US National Weather Service, in Fahrenheit.
  test.each([
    [80, 40, 80],
    [90, 40, 91],
    [90, 70, 105],
    [100, 40, 109],
    [100, 60, 129],
    [110, 40, 136],
    [86, 90, 105],
  ])('by NOAA, %s F at %s %% is %s F', (fahrenheit, humidity, expected) => {
    expect(noaa((fahrenheit - 32) / 1.8, humidity) * 1.8 + 32).toBeGreaterThan(expected - 1.3);
    expect(noaa((fahrenheit - 32) / 1.8, humidity) * 1.8 + 32).toBeLessThan(expected + 1.3);
  });

  test('uses NOAA where humidity is known, and says so', () => {
    expect(of(32.2, { humidity: 70 })?.method).toBe('noaa');
    expect(of(32.2, { humidity: 70 })?.value).toBeCloseTo(40.6, 0);
    expect(of(20, { humidity: 50 })?.value).toBeCloseTo(19.4, 0);
    expect(of(40, { humidity: 5 })?.value).toBeLessThan(40);
    expect(of(32.2, { humidity: 101 })?.method).toBe('clinical_proxy');
  });
});

describe('the hydration index', () => {
  const ordinary = {
    band: 'G5' as const,
    heatIndex: 25,
    activity: 2,
    heartRate: 110,
    respRate: 20,
    spo2: 97,
    temperature: 36.8,
  };

  test('is unknown without a heat index or activity', () => {
    expect(hydrationProxy({ ...ordinary, heatIndex: undefined })).toBeUndefined();
    expect(hydrationProxy({ ...ordinary, activity: undefined })).toBeUndefined();
  });

  test('is full when what was drunk covers what was lost', () => {
    expect(hydrationProxy(ordinary)).toBe(100);
  });

  test('falls with sweat', () => {
    // Need 2000 x 1.3 x 1.2 = 3120 ml; drunk 2184; lost 1800: covered.
    expect(hydrationProxy({ ...ordinary, heatIndex: 41, activity: 7 })).toBe(100);
    // An infant: need 1000 x 1.3 x 1.2 = 1560 ml; drunk 1092; lost 1800; lacks 708 of 1404.
    expect(hydrationProxy({ ...ordinary, band: 'G1', heatIndex: 41, activity: 7 })).toBeCloseTo(100 - (708 / 1404) * 100, 9);
    // At moderate activity: need 1430; drunk 1001; lost 1100; lacks 99 of 1287.
    expect(hydrationProxy({ ...ordinary, band: 'G1', heatIndex: 41, activity: 6 })).toBeCloseTo(100 - (99 / 1287) * 100, 9);
  });

  test.each([
    [{ heartRate: 120 }, 100],
    [{ heartRate: 120.1 }, 95],
    [{ respRate: 28 }, 100],
    [{ respRate: 28.1 }, 95],
    [{ spo2: 94 }, 100],
    [{ spo2: 93.9 }, 95],
    [{ temperature: 37.9 }, 100],
    [{ temperature: 38 }, 90],
    [{ heartRate: 130, respRate: 30, spo2: 90, temperature: 39 }, 75],
    [{ heartRate: undefined, respRate: undefined, spo2: undefined, temperature: undefined }, 100],
  ])('with %j is %s', (changes, value) => {
    expect(hydrationProxy({ ...ordinary, ...changes })).toBe(value);
  });

  test('takes a child to need a higher SpO2', () => {
    expect(hydrationProxy({ ...ordinary, band: 'G3', spo2: 94.9 })).toBe(95);
    expect(hydrationProxy({ ...ordinary, band: 'G4', spo2: 94.9 })).toBe(100);
  });

  test('from volumes follows intake and urine', () => {
    const base = { band: 'G5' as const, weightKg: 60, heatIndex: 25, activity: 1 };
    // Need 60 x 32.5 = 1950 ml.
    expect(hydrationFromVolumes({ ...base, intake: 1950, urine: 180 })).toBe(100);
    expect(hydrationFromVolumes({ ...base, intake: 975, urine: 90 })).toBe(50);
    expect(hydrationFromVolumes({ ...base, intake: 1950 })).toBe(60 + 34);
    expect(hydrationFromVolumes({ ...base, intake: 1950, urinations: 2 })).toBe(60 + 20);
    expect(hydrationFromVolumes({ ...base, intake: 975, urine: 180, activity: 3, temperature: 38 })).toBeCloseTo(
      (0.6 * 97500) / (1950 * 1.1) + 40 - 10,
      9,
    );
    expect(hydrationFromVolumes({ ...base, intake: 0, urine: 0, heatIndex: 41, activity: 9 })).toBe(0);
    expect(hydrationFromVolumes({ ...base, band: 'G2', weightKg: 10, intake: 800, urine: 60 })).toBe(100);
  });

  test('bands of activity', () => {
    expect([0, 2, 2.1, 6, 6.1, 10].map(activityLevel)).toEqual(['low', 'low', 'moderate', 'moderate', 'high', 'high']);
  });
});

describe('severity', () => {
  test('is one scale', () => {
    expect(['low', 'MEDIUM', 'high', 'critical', 'warn', 'severe', 'toString'].map(severityOf)).toEqual([
      'info',
      'warn',
      'alert',
      'critical',
      'warn',
      undefined,
      undefined,
    ]);
    expect((['critical', 'info', 'alert', 'warn'] as const).toSorted((a, b) => rankOf(a) - rankOf(b))).toEqual([
      'info',
      'warn',
      'alert',
      'critical',
    ]);
  });

  test('sets the deadline for acknowledgement', () => {
    expect((['info', 'warn', 'alert', 'critical'] as const).map((severity) => acknowledgeBy(severity, 1000))).toEqual([
      undefined,
      3_601_000,
      901_000,
      301_000,
    ]);
  });
});

describe('the status of a device', () => {
  test.each([
    [{ status: 'connected' }, 'connected', false],
    [{ status: 'Connected', battery: 20, signal: 50 }, 'connected', false],
    [{ battery: 19.9 }, 'connected', true],
    [{ battery: 15 }, 'connected', true],
    [{ battery: 14.9 }, 'low_battery', true],
    [{ signal: 49.9 }, 'connected', true],
    [{ status: 'offline' }, 'offline', true],
    [{ status: 'disconnected', battery: 5 }, 'disconnected', true],
    [{ status: 'calibrating' }, 'calibration', true],
    [{ status: 'connected', error_code: 'E7' }, 'error', true],
    [{ status: 'toString' }, 'connected', true],
    [{}, 'connected', false],
  ])('%j is the event %s and needs attention: %s', (condition, event, attention) => {
    expect(deviceEvent(condition)).toBe(event);
    expect(DEVICE_EVENTS).toContain(event);
    expect(needsAttention(condition)).toBe(attention);
  });
});
