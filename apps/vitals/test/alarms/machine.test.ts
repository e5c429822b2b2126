import { describe, expect, test } from 'vitest';

import { rankOf } from '../../src/domain/severity.ts';
import type { Alarm } from '../../src/alarms/machine/alarm.ts';
import { CONFIRMS_AFTER, noAlarm, stateOf, turn } from '../../src/alarms/machine/alarm.ts';
import type { MachineInput, MachineState } from '../../src/alarms/machine/table.ts';
import { MACHINE, MACHINE_INPUTS, MACHINE_STATES } from '../../src/alarms/machine/table.ts';

/**
 * What has to come of each input, written down apart from the table: the state, with `!` where the episode is told, `=` for no change, `x`
 * where a person is refused. u: unconfirmed, uc: unconfirmed_cleared.
 */
const EXPECTED = `
state                pending doubtful holds   graver  lesser  between inside recovered     unknown out_of_force confirm_due still_true acknowledge    comment resolve   snooze
none                 pending u        active! active! active! =       =      =             =       =            =           =          x              x       x         x
pending              =       u        active! active! active! none    none   none          =       none         =           =          x              x       x         x
unconfirmed          =       =        active! active! active! =       =      uc            =       resolved     active!     =          acknowledged   =       resolved  =
active               =       =        =       =!      =       =       =      cleared       =       resolved     =           =          acknowledged   =       resolved  =
acknowledged         =       =        =       active! =       =       =      auto_resolved =       resolved     =           active!    =              =       resolved  =
cleared              =       active!  active! active! active! =       =      =             =       =            =           =          auto_resolved  =       resolved  =
unconfirmed_cleared  =       u        active! active! active! =       =      =             =       =            =           =          auto_resolved  =       resolved  =
resolved             =       u        active! active! active! =       =      =             =       =            =           =          x              x       x         x
auto_resolved        =       u        active! active! active! =       =      =             =       =            =           =          x              x       x         x
retrospective        =       =        =       =       =       =       =      =             =       =            =           =          x              x       x         x
`;
const SHORT: Readonly<Record<string, string>> = { u: 'unconfirmed', uc: 'unconfirmed_cleared' };
const [head = [], ...rows] = EXPECTED.trim()
  .split('\n')
  .map((line) => line.trim().split(/\s+/));
const cells = rows.flatMap(([state = '', ...row]) => row.map((cell, i) => [state, head[i + 1] ?? '', cell] as const));

test('the transcription names every state and every input', () => {
  expect(head.slice(1)).toEqual([...MACHINE_INPUTS]);
  expect(rows.map(([state]) => state)).toEqual([...MACHINE_STATES]);
  expect(cells).toHaveLength(MACHINE_STATES.length * MACHINE_INPUTS.length);
});

/** An alarm in a state, with all that may be remembered in it. */
function alarmIn(state: MachineState): Alarm {
  const alarm: Alarm = { c: 'RULE', s: MACHINE_STATES.indexOf(state), n: 7, v: rankOf('alert'), p: rankOf('critical') };
  if (state === 'none') return noAlarm('RULE');
  if (state === 'acknowledged') alarm.k = 100;
  if (state === 'unconfirmed') alarm.q = [50, 100];
  if (['active', 'acknowledged', 'unconfirmed'].includes(state)) Object.assign(alarm, { h: 1, u: 1, x: 40, i: [40, 50] });
  return alarm;
}

const FACTS = { logTime: 1_000, rank: rankOf('warn'), at: 900, serial: 8 };

describe('each cell', () => {
  test.each(cells)('%s x %s -> %s', (state, input, cell) => {
    const from = state as MachineState;
    const alarm = alarmIn(from);
    const done = turn(alarm, input as MachineInput, FACTS);
    if (cell === 'x') {
      expect(done).toBe('refused');
      expect(alarm).toEqual(alarmIn(from));
      return;
    }
    if (done === 'refused') expect.fail('refused');
    const name = cell.replace('!', '');
    expect(stateOf(alarm)).toBe(name === '=' ? state : (SHORT[name] ?? name));
    expect(done).toMatchObject({ from, to: stateOf(alarm), input });
    expect(done.effects.some((each) => ['raises', 'rises', 'returns', 'reminds'].includes(each))).toBe(cell.endsWith('!'));
  });

  test('that changes nothing and logs nothing leaves the alarm as it is', () => {
    for (const state of MACHINE_STATES)
      for (const input of MACHINE_INPUTS) {
        const cell = MACHINE[state][input];
        if (cell === 'refused' || cell.to !== state || cell.effects.length > 0) continue;
        const alarm = alarmIn(state);
        turn(alarm, input, FACTS);
        // The severity of what was seen is all that calls; nothing else may move.
        expect({ ...alarm, p: 0 }, `${state} x ${input}`).toEqual({ ...alarmIn(state), p: 0 });
      }
  });
});

describe('by the table', () => {
  const changes = MACHINE_STATES.flatMap((from) =>
    MACHINE_INPUTS.flatMap((input) => {
      const cell = MACHINE[from][input];
      return cell === 'refused' ? [] : [{ from, input, to: cell.to, effects: cell.effects }];
    }),
  );
  const open = ['unconfirmed', 'active', 'cleared', 'unconfirmed_cleared'];
  const closed = ['resolved', 'auto_resolved', 'none'];

  test('what nobody has seen is closed by a person or by an override, and by nothing else', () => {
    for (const { from, input, to } of changes)
      if (open.includes(from) && closed.includes(to))
        expect(['acknowledge', 'resolve', 'out_of_force'], `${from} x ${input}`).toContain(input);
  });

  test('an override closes nothing that is over and unseen', () => {
    for (const state of ['cleared', 'unconfirmed_cleared'] as const) expect(MACHINE[state].out_of_force).toMatchObject({ to: state });
  });

  test('no data is never recovery', () => {
    for (const { from, input, to, effects } of changes) if (input === 'unknown') expect([to, effects]).toEqual([from, []]);
  });

  test('only two minutes inside clear', () => {
    for (const { from, input, to } of changes)
      if (from !== to && ['cleared', 'unconfirmed_cleared'].includes(to)) expect(input).toBe('recovered');
  });

  test('whatever becomes active tells the episode, and nothing else does but a rise', () => {
    for (const { from, to, effects, input } of changes) {
      const tells = effects.some((each) => ['raises', 'rises', 'returns', 'reminds'].includes(each));
      expect(tells, `${from} x ${input}`).toBe(to === 'active' && (from !== 'active' || input === 'graver'));
    }
  });

  test('seen is what a person does', () => {
    for (const { input, to, from, effects } of changes) {
      if (effects.includes('sees')) expect(['acknowledge', 'resolve']).toContain(input);
      if (to === 'acknowledged' && from !== to) expect(effects).toContain('sees');
    }
  });

  test('retrospective alarms never enter the machine', () => {
    for (const { from, to } of changes) expect(to === 'retrospective').toBe(from === 'retrospective');
  });
});

describe('what is remembered', () => {
  test('a doubtful breach is confirmed after 60 s of log time, and not after a good normal reading', () => {
    const alarm = noAlarm('RULE');
    turn(alarm, 'doubtful', { ...FACTS, rank: rankOf('critical') });
    expect(alarm).toMatchObject({ n: 8, v: rankOf('critical'), q: [900, 1_000 + CONFIRMS_AFTER] });
    turn(alarm, 'between', FACTS);
    expect(alarm.q).toEqual([900, 0]);
    turn(alarm, 'holds', FACTS);
    expect(alarm.q).toBeUndefined();
  });

  test('a fall keeps what nobody has seen, and a person sees the present', () => {
    const alarm = alarmIn('active');
    turn(alarm, 'lesser', FACTS);
    expect([alarm.v, alarm.p]).toEqual([rankOf('warn'), rankOf('critical')]);
    turn(alarm, 'acknowledge', FACTS);
    expect([alarm.v, alarm.p, alarm.k]).toEqual([rankOf('warn'), rankOf('warn'), 1_000]);
    turn(alarm, 'graver', { ...FACTS, rank: rankOf('alert') });
    expect([alarm.v, alarm.p, alarm.k, alarm.u]).toEqual([rankOf('alert'), rankOf('alert'), undefined, undefined]);
  });

  test('a cleared alarm remembers nothing of how it cleared', () => {
    for (const from of ['unconfirmed', 'active'] as const) {
      const alarm = alarmIn(from);
      turn(alarm, 'recovered', FACTS);
      expect([alarm.i, alarm.x, alarm.q]).toEqual([undefined, undefined, undefined]);
    }
  });

  test('a closed alarm is a name and no more', () => {
    for (const from of ['unconfirmed', 'active', 'acknowledged', 'cleared', 'unconfirmed_cleared'] as const) {
      const alarm = alarmIn(from);
      turn(alarm, 'resolve', FACTS);
      expect(Object.keys(alarm).sort()).toEqual(['c', 'n', 'p', 's', 'v']);
    }
  });
});
