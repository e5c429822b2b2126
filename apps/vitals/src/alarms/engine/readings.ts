/** What a reading does: judged in its place, or alone where it has none, and given to the alarms as far as its standing to time allows. */

import { PAGES_WITHIN } from '../../domain/lateness.ts';
import { MINUTE } from '../catalogue/numbers.ts';
import { intervalOf, observe, observeFor } from '../evaluation/observe.ts';
import type { Outcome, Satisfied } from '../evaluation/outcome.ts';
import type { AlarmReading } from '../evaluation/state.ts';
import { newHistory } from '../evaluation/state.ts';
import type { ReadingInput } from './contract.ts';
import { noteLate } from './late.ts';
import { hear } from './silence.ts';
import { judge, maxGapOf } from './verdicts.ts';
import type { Source } from './verdicts.ts';
import type { Work } from './work.ts';

/** Takes a reading in. */
export function takeReading(work: Work, input: ReadingInput): void {
  const { state, around } = work;
  const { reading, late, received } = input;
  if (late === 'held') {
    // Its time stamp may be the very reason why it is held, so that the time of receipt stands for it.
    const source = sourceOf(reading, state.x);
    for (const each of floorsOf(alone({ ...reading, at: received }, around))) judge(work, each, { ...source, uncertain: true });
    return;
  }
  const age = received - reading.at;
  if (late === 'imported') {
    for (const each of clinical(alone(reading, around))) noteLate(work, each, { imported: true, age });
    return;
  }
  state.h ??= newHistory(reading.at);
  const { rules } = around;
  // Of rules without an alarm it matters only that they hold.
  const interest = late === 'live' ? new Set(state.a.map(({ c }) => c)) : undefined;
  const observation = observeFor(state.h, reading, { rules, interest });
  const interval = intervalOf(state.h, reading.device) ?? state.x;
  const source = sourceOf(reading, interval);
  const judged = observation.status === 'judged' ? observation.outcomes : undefined;
  if (late === 'live') {
    // One that lies behind other devices of the patient has no place among theirs; its floors still count.
    for (const each of judged ?? floorsOf(alone(reading, around))) judge(work, each, source);
  } else {
    const isNewest = judged?.some(({ at }) => Math.abs(at - reading.at) < 1) === true;
    const outcomes = isNewest && judged !== undefined ? judged : alone(reading, around);
    const alarms = late === 'newest' && age < PAGES_WITHIN;
    for (const each of clinical(outcomes)) {
      if (alarms && each.rule.family === 'floor') judge(work, each, { ...source, age });
      else noteLate(work, each, { imported: false, age });
    }
  }
  hear(work, interval ?? MINUTE);
}

/** What the rules say of a reading without any other. */
function alone(reading: AlarmReading, { rules }: Work['around']): readonly Outcome[] {
  const observation = observe(newHistory(reading.at), reading, rules);
  return observation.status === 'judged' ? observation.outcomes : [];
}

function clinical(outcomes: readonly Outcome[]): readonly Satisfied[] {
  return outcomes.filter((each): each is Satisfied => each.status === 'satisfied' && each.rule.kind !== 'technical');
}

function floorsOf(outcomes: readonly Outcome[]): readonly Satisfied[] {
  return clinical(outcomes).filter(({ rule }) => rule.family === 'floor');
}

function sourceOf({ lowConfidence }: AlarmReading, interval: number | undefined): Source {
  return { maxGap: maxGapOf(interval ?? MINUTE), good: !lowConfidence };
}
