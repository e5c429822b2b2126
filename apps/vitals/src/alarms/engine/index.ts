/**
 * The alarm engine: inputs of one patient go in, in the order of the log, and what is to be logged, who is to be called and when to look
 * again come out. Pure and deterministic. Decisions: ADR 16.
 */

export { advance } from './advance.ts';
export { ALARM_TIMER } from './dues.ts';
export type * from './contract.ts';
export { MANUAL, manualAlertOf } from './manual.ts';
export { ruleOf } from './rules.ts';
export { newAlarmState } from './state.ts';
export type { AlarmState } from './state.ts';
