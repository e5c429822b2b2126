/** Calls of the alarm engine: a record for the notifier, and a line in the log of each alarm that it is about. */

import type { TaskContext } from '@kidjamo/stream';

import { logAlarm } from '../actions/journal.ts';
import type { Call } from '../alarms/engine/index.ts';
import { ruleOf } from '../alarms/engine/index.ts';
import { LOGS } from '../contracts/logs.ts';
import type { CalledAlarm, CallOut } from '../contracts/outputs.ts';
import type { AlertStatus } from '../contracts/reading.ts';
import type { AlertChange } from '../contracts/rows.ts';
import { TABLES } from '../contracts/rows.ts';
import { rankOf } from '../domain/severity.ts';
import type { Told } from './alarm-told.ts';
import type { AlarmTail } from './state.ts';

/** Writes a call down. */
export function writeCall(told: Told, { call, tail }: { readonly call: Call; readonly tail: AlarmTail }, context: TaskContext): void {
  const alarms: CalledAlarm[] = [];
  for (const [code, row] of Object.entries(tail.o ?? {})) {
    if (!call.alarms.includes(row.i)) continue;
    const rule = ruleOf(code, told);
    alarms.push({
      alert_id: row.i,
      alert_type: rule.code,
      rule_version: rule.version,
      severity: row.s,
      measurements: Object.fromEntries(rule.vitals.flatMap((vital) => (row.v[vital] === undefined ? [] : [[vital, row.v[vital]]]))),
      limit: row.x,
      since: row.f,
    });
    if (call.deadline !== null) {
      context.row(TABLES.alerts, {
        alert_id: row.i,
        updated_at: context.logTime,
        escalation_level: call.level,
        ack_deadline: call.deadline,
      } satisfies AlertChange);
    }
    const shown: AlertStatus = row.c === 1 ? 'cleared' : 'active';
    logAlarm(
      {
        alarm: row.i,
        patient: told.known ? told.patient : null,
        status: call.reason === 'escalated' ? 'escalated' : 'called',
        from: shown,
        to: shown,
        metadata: { step: call.step, level: call.level, reach: call.reach, reason: call.reason, deadline: isoOf(call.deadline) },
      },
      context,
    );
  }
  const out: CallOut = {
    step: call.step,
    episode: call.episode,
    patient_id: told.patient,
    class: call.class,
    severity: call.severity,
    level: call.level,
    reach: call.reach,
    reason: call.reason,
    alarms: alarms.sort((a, b) => rankOf(b.severity) - rankOf(a.severity)),
    deadline: call.deadline,
    called_at: context.logTime,
    correlation: told.correlation,
  };
  context.output(LOGS.calls, told.patient, out);
  context.count('call');
}

function isoOf(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
