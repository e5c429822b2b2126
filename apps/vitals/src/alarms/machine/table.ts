/**
 * The life of an alarm as a table: every state by every input (ADR 16). This is the machine itself and not a picture of it: nothing else
 * decides on a state. A cell that is missing does not compile.
 *
 * There is one machine for each patient and rule. Verdicts come from evaluation, on event time; what is due comes from timers, on log
 * time; the rest is what people do.
 */

/**
 * States. What is remembered names them by their place: a new one goes to the end.
 *
 * - `none`: nothing to tell.
 * - `pending`: the condition holds and its on-delay is running.
 * - `unconfirmed`: a floor was breached by a reading that is not to page alone. People see it as active.
 * - `active`: nobody has seen it.
 * - `acknowledged`: a person has seen it.
 * - `cleared`: the condition is over, and nobody has seen it. A critical one goes on calling.
 * - `unconfirmed_cleared`: the same for an alarm that never was confirmed. People see it as cleared; it calls nobody.
 * - `resolved`, `auto_resolved`: closed, by a person or an override, or because it was over and had been seen. Remembered while the
 *   episode lasts, since a condition that returns in it calls again.
 * - `retrospective`: born closed, for late data. Never enters the machine.
 */
export const MACHINE_STATES = [
  'none',
  'pending',
  'unconfirmed',
  'active',
  'acknowledged',
  'cleared',
  'unconfirmed_cleared',
  'resolved',
  'auto_resolved',
  'retrospective',
] as const;
export type MachineState = (typeof MACHINE_STATES)[number];

/**
 * Inputs.
 *
 * - `pending`: it holds, for less than its on-delay.
 * - `doubtful`: a floor is breached by a first reading that is not to page alone (clinical reference, section 1).
 * - `holds`: it holds, at the severity of the alarm or for the first time; also the second doubtful breach.
 * - `graver`: it holds at a higher severity; `lesser`: it has held at a lower one for the off-delay.
 * - `between`: it holds no more, and is not back inside by the margin.
 * - `inside`: it is back inside; `recovered`: it has been so for the off-delay, on readings of good quality.
 * - `unknown`: it cannot be told. Never recovery.
 * - `out_of_force`: the rule is not in force for the patient any more.
 * - `confirm_due`: 60 s of log time after a doubtful breach without a normal reading of good quality.
 * - `still_true`: 30 min of log time after a critical was acknowledged, it still holds.
 * - `acknowledge`, `comment`, `resolve`, `snooze`: what people do.
 */
export const MACHINE_INPUTS = [
  'pending',
  'doubtful',
  'holds',
  'graver',
  'lesser',
  'between',
  'inside',
  'recovered',
  'unknown',
  'out_of_force',
  'confirm_due',
  'still_true',
  'acknowledge',
  'comment',
  'resolve',
  'snooze',
] as const;
export type MachineInput = (typeof MACHINE_INPUTS)[number];

/**
 * What happens beside the change of state.
 *
 * - `opens`: a new alarm, with an id of its own.
 * - `raises`, `rises`, `returns`, `reminds`: told to the episode, which may call.
 * - `settles`: takes the severity of the verdict. What calls is the gravest that nobody has seen, so that a fall loses no critical.
 * - `doubts`: the confirmation is armed; `reassures`: it is disarmed, since a good reading was normal.
 * - `sees`: a person has seen it; `informs`: where that was no clinician and the alarm is critical, the treating clinician is told.
 * - `snoozes`: it calls nobody until a time.
 * - `logs`: written down, though nothing changes.
 */
export type MachineEffect =
  'opens' | 'raises' | 'rises' | 'returns' | 'reminds' | 'settles' | 'doubts' | 'reassures' | 'sees' | 'informs' | 'snoozes' | 'logs';

/** What comes of an input in a state; `refused` where a person cannot do this. */
export type MachineCell = { readonly to: MachineState; readonly effects: readonly MachineEffect[] } | 'refused';

type Row = Readonly<Record<MachineInput, MachineCell>>;

function go(to: MachineState, ...effects: readonly MachineEffect[]): MachineCell {
  return { to, effects };
}

/** Nothing is open, so that people have nothing to act on. */
const REFUSED = { acknowledge: 'refused', comment: 'refused', resolve: 'refused', snooze: 'refused' } as const;

/** A row that no input changes. */
function inert(state: MachineState): Row {
  const stays = go(state);
  return {
    pending: stays,
    doubtful: stays,
    holds: stays,
    graver: stays,
    lesser: stays,
    between: stays,
    inside: stays,
    recovered: stays,
    unknown: stays,
    out_of_force: stays,
    confirm_due: stays,
    still_true: stays,
    ...REFUSED,
  };
}

/** A closed alarm of an episode that lasts: what holds again is a new alarm, and calls again. */
function closed(state: MachineState): Row {
  const again = go('active', 'opens', 'settles', 'returns');
  return {
    ...inert(state),
    doubtful: go('unconfirmed', 'opens', 'settles', 'doubts'),
    holds: again,
    graver: again,
    lesser: again,
  };
}

/** The machine. */
export const MACHINE: Readonly<Record<MachineState, Row>> = {
  none: {
    ...inert('none'),
    pending: go('pending', 'opens', 'settles'),
    doubtful: go('unconfirmed', 'opens', 'settles', 'doubts'),
    holds: go('active', 'opens', 'settles', 'raises'),
    graver: go('active', 'opens', 'settles', 'raises'),
    lesser: go('active', 'opens', 'settles', 'raises'),
  },
  pending: {
    pending: go('pending', 'settles'),
    doubtful: go('unconfirmed', 'settles', 'doubts'),
    holds: go('active', 'settles', 'raises'),
    graver: go('active', 'settles', 'raises'),
    lesser: go('active', 'settles', 'raises'),
    between: go('none'),
    inside: go('none'),
    recovered: go('none'),
    unknown: go('pending'),
    out_of_force: go('none'),
    confirm_due: go('pending'),
    still_true: go('pending'),
    ...REFUSED,
  },
  unconfirmed: {
    pending: go('unconfirmed'),
    doubtful: go('unconfirmed'),
    holds: go('active', 'settles', 'raises'),
    graver: go('active', 'settles', 'raises'),
    lesser: go('active', 'settles', 'raises'),
    between: go('unconfirmed', 'reassures'),
    inside: go('unconfirmed', 'reassures'),
    recovered: go('unconfirmed_cleared', 'reassures'),
    unknown: go('unconfirmed'),
    out_of_force: go('resolved'),
    confirm_due: go('active', 'raises'),
    still_true: go('unconfirmed'),
    acknowledge: go('acknowledged', 'sees', 'informs'),
    comment: go('unconfirmed', 'logs'),
    resolve: go('resolved', 'sees', 'informs'),
    snooze: go('unconfirmed', 'snoozes', 'logs'),
  },
  active: {
    pending: go('active'),
    doubtful: go('active'),
    holds: go('active'),
    graver: go('active', 'settles', 'rises'),
    lesser: go('active', 'settles'),
    between: go('active'),
    inside: go('active'),
    recovered: go('cleared'),
    unknown: go('active'),
    out_of_force: go('resolved'),
    confirm_due: go('active'),
    still_true: go('active'),
    acknowledge: go('acknowledged', 'sees', 'informs'),
    comment: go('active', 'logs'),
    resolve: go('resolved', 'sees', 'informs'),
    snooze: go('active', 'snoozes', 'logs'),
  },
  acknowledged: {
    pending: go('acknowledged'),
    doubtful: go('acknowledged'),
    holds: go('acknowledged'),
    graver: go('active', 'settles', 'rises'),
    lesser: go('acknowledged', 'settles'),
    between: go('acknowledged'),
    inside: go('acknowledged'),
    recovered: go('auto_resolved'),
    unknown: go('acknowledged'),
    out_of_force: go('resolved'),
    confirm_due: go('acknowledged'),
    still_true: go('active', 'reminds'),
    acknowledge: go('acknowledged', 'logs'),
    comment: go('acknowledged', 'logs'),
    resolve: go('resolved'),
    snooze: go('acknowledged', 'snoozes', 'logs'),
  },
  cleared: {
    pending: go('cleared'),
    doubtful: go('active', 'settles', 'returns'),
    holds: go('active', 'settles', 'returns'),
    graver: go('active', 'settles', 'returns'),
    lesser: go('active', 'settles', 'returns'),
    between: go('cleared'),
    inside: go('cleared'),
    recovered: go('cleared'),
    unknown: go('cleared'),
    out_of_force: go('cleared'),
    confirm_due: go('cleared'),
    still_true: go('cleared'),
    acknowledge: go('auto_resolved', 'sees', 'informs'),
    comment: go('cleared', 'logs'),
    resolve: go('resolved', 'sees', 'informs'),
    snooze: go('cleared', 'snoozes', 'logs'),
  },
  unconfirmed_cleared: {
    pending: go('unconfirmed_cleared'),
    doubtful: go('unconfirmed', 'settles', 'doubts'),
    holds: go('active', 'settles', 'raises'),
    graver: go('active', 'settles', 'raises'),
    lesser: go('active', 'settles', 'raises'),
    between: go('unconfirmed_cleared'),
    inside: go('unconfirmed_cleared'),
    recovered: go('unconfirmed_cleared'),
    unknown: go('unconfirmed_cleared'),
    out_of_force: go('unconfirmed_cleared'),
    confirm_due: go('unconfirmed_cleared'),
    still_true: go('unconfirmed_cleared'),
    acknowledge: go('auto_resolved', 'sees'),
    comment: go('unconfirmed_cleared', 'logs'),
    resolve: go('resolved', 'sees'),
    snooze: go('unconfirmed_cleared', 'snoozes', 'logs'),
  },
  resolved: closed('resolved'),
  auto_resolved: closed('auto_resolved'),
  retrospective: inert('retrospective'),
};
