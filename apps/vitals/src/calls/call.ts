/** From a call of the task to what the notifier tells. Pure. */

import type { Call, CalledAlarm, Reason } from '@kidjamo/connector-notify';

import { CATALOGUE } from '../alarms/catalogue/catalogue.ts';
import type { AlarmRule } from '../alarms/catalogue/rule-data.ts';
import type { CalledAlarm as AlarmOut, CallOut } from '../contracts/outputs.ts';
import { VITALS } from '../contracts/reading.ts';
import { limitText } from './limits.ts';
import { VITAL_WORDS } from './words.ts';

/** What a call does not say itself. */
export interface CallSurroundings {
  /** Address of the live page, as recipients reach it, without a slash at its end. */
  readonly publicUrl: string;
  /** How the recipients know the patient; undefined where nobody does. */
  readonly patientName: string | undefined;
}

const REASONS: Readonly<Record<CallOut['reason'], Reason>> = {
  raised: 'raised',
  rise: 'raised',
  returned: 'raised',
  escalated: 'escalated',
  repeat: 'repeated',
  still_true: 'repeated',
  inform_clinician: 'informed',
};

const RULES: ReadonlyMap<string, AlarmRule> = new Map(CATALOGUE.map((rule) => [rule.code, rule]));

/** The call as the notifier takes it. */
export function callOf(out: CallOut, { publicUrl, patientName }: CallSurroundings): Call {
  const [gravest] = out.alarms;
  return {
    id: out.step,
    patient: out.patient_id,
    ...(patientName === undefined ? {} : { patientName }),
    severity: out.severity,
    level: out.level,
    class: out.class,
    reason: REASONS[out.reason],
    alarms: out.alarms.map(alarmOf),
    at: out.called_at,
    ...(out.deadline === null ? {} : { answerBy: out.deadline }),
    correlation: out.correlation,
    link: gravest === undefined ? `${publicUrl}/` : `${publicUrl}/?alert=${gravest.alert_id}`,
  };
}

function alarmOf({ alert_type: code, severity, measurements, limit, since }: AlarmOut): CalledAlarm {
  const rule = RULES.get(code);
  return {
    code,
    severity,
    // An alarm may outlive its rule, and is told all the same.
    title: rule?.title ?? { fr: `Alarme ${code}`, en: `Alarm ${code}` },
    values: VITALS.flatMap((vital) => {
      const value = measurements[vital];
      return value === undefined ? [] : [{ ...VITAL_WORDS[vital], value }];
    }),
    limit: limitText(limit),
    actions: rule?.actions ?? [],
    since,
  };
}
