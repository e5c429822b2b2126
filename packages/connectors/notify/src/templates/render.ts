/** Writes a notification for one reader, in every form. Pure: the same call and reader give the same words at every attempt. */

import type { Language, Message } from '../channel.ts';
import { rankOf } from '../notifier/call.ts';
import type { Call, CalledAlarm } from '../notifier/call.ts';
import { cutGsm7, gsm7Length, SMS_LENGTH, toGsm7 } from './gsm7.ts';
import { htmlOf, textOf } from './mail.ts';
import type { MailPart, MailSection } from './mail.ts';
import { clockTime, numberText } from './local.ts';
import { headed, labelled, REASON_SENTENCE, REASON_WORD, SEVERITY_WORD, TECHNICAL_WORD, WORDS } from './words.ts';

/** Whom a message is written for. */
export interface Reader {
  readonly language: Language;
  readonly timeZone: string;
}

/** Alarms of one call that are told in full; more are counted. */
const MAX_ALARMS = 8;
/** Calls of one message that are listed. */
const MAX_CALLS = 40;

/** The message about calls: one, or several that were held back. @throws RangeError when there is none. */
export function renderMessage(calls: readonly Call[], reader: Reader): Message {
  const [first] = calls;
  if (first === undefined) throw new RangeError('there is no call to write about');
  return calls.length === 1 ? renderCall(first, reader) : renderHeldBack(calls, reader);
}

function renderCall(call: Call, reader: Reader): Message {
  const { language } = reader;
  const headline = headlineOf(call, language);
  const time = clockTime(call.at, reader, call.at);
  const summary = REASON_SENTENCE[call.class][call.reason][language];
  const parts: MailPart = {
    language,
    title: headline,
    paragraphs: [
      summary,
      ...(call.patientName === undefined ? [] : [labelled('patient', call.patientName, language)]),
      ...(call.answerBy === undefined ? [] : [`${WORDS.answerBy[language]} ${clockTime(call.answerBy, reader, call.at)}.`]),
    ],
    sections: [
      ...call.alarms.slice(0, MAX_ALARMS).map((alarm) => sectionOf(alarm, reader, call.at)),
      ...more(call.alarms.length - MAX_ALARMS, language),
    ],
    link: call.link,
  };
  return {
    language,
    severity: call.severity,
    title: headline,
    summary,
    sms: smsOf(headline, time, call.link),
    text: textOf(parts),
    html: htmlOf(parts),
    link: call.link,
    data: dataOf([call]),
  };
}

function renderHeldBack(calls: readonly Call[], reader: Reader): Message {
  const { language } = reader;
  const gravest = calls.reduce((worst, call) => (rankOf(call.severity) > rankOf(worst.severity) ? call : worst));
  const newest = calls.reduce((latest, call) => (call.at > latest.at ? call : latest));
  const title = headed(SEVERITY_WORD[gravest.severity][language], `${calls.length} ${WORDS.heldBack[language]}`, language);
  const parts: MailPart = {
    language,
    title,
    paragraphs: [WORDS.heldBackSentence[language]],
    sections: [
      ...calls.slice(0, MAX_CALLS).map((call): MailSection => ({
        title: `${clockTime(call.at, reader, newest.at)}  ${headlineOf(call, language)}`,
        lines: [call.patientName ?? '', call.link].filter((line) => line !== ''),
        actions: [],
      })),
      ...more(calls.length - MAX_CALLS, language),
    ],
    link: gravest.link,
  };
  return {
    language,
    severity: gravest.severity,
    title,
    summary: WORDS.heldBackSentence[language],
    sms: smsOf(title, clockTime(newest.at, reader, newest.at), gravest.link),
    text: textOf(parts),
    html: htmlOf(parts),
    link: gravest.link,
    data: dataOf(calls),
  };
}

/** `CRITICAL, nobody has answered (escalation 1): oxygen very low (+1)`: all that a lock screen may show. */
function headlineOf(call: Call, language: Language): string {
  const { severity, reason, level, alarms } = call;
  const words = [
    SEVERITY_WORD[severity][language],
    ...(call.class === 'technical' ? [TECHNICAL_WORD[language]] : []),
    ...(REASON_WORD[reason][language] === '' ? [] : [REASON_WORD[reason][language]]),
  ].join(', ');
  const escalation = reason === 'escalated' ? ` (${WORDS.level[language]} ${level})` : '';
  const title = alarms[0]?.title[language] ?? '';
  const others = alarms.length > 1 ? ` (+${alarms.length - 1})` : '';
  const heading = `${words}${escalation}`;
  return (title === '' ? heading : headed(heading, `${title}${others}`, language)).replaceAll(/\s+/g, ' ');
}

/** Severity, what, when and the link. What gives way to the length is the title: never the severity, which it begins with, the time or the link. */
function smsOf(headline: string, time: string, link: string): string {
  const end = ` ${toGsm7(time)} ${toGsm7(link)}`;
  const start = toGsm7(`Kidjamo ${headline}`);
  const room = SMS_LENGTH - (gsm7Length(end) ?? 0);
  // A link that leaves no room for words goes into a second part: the words are not given up.
  const least = 60;
  return `${cutGsm7(start, Math.max(room, least))}${end}`;
}

function sectionOf(alarm: CalledAlarm, reader: Reader, at: number): MailSection {
  const { language } = reader;
  const values = alarm.values.map(
    ({ name, value, unit }) => `${name[language]} ${numberText(value, language)}${unit === '' ? '' : ` ${unit}`}`,
  );
  return {
    title: headed(SEVERITY_WORD[alarm.severity][language], alarm.title[language], language),
    lines: [
      ...(values.length === 0 ? [] : [labelled('values', values.join(', '), language)]),
      labelled('limit', alarm.limit[language], language),
      labelled('since', clockTime(alarm.since, reader, at), language),
    ],
    actions: alarm.actions.map((action) => action[language]),
  };
}

function more(count: number, language: Language): MailSection[] {
  return count <= 0 ? [] : [{ title: `+ ${count} ${WORDS.more[language]}`, lines: [], actions: [] }];
}

/** For systems: what it is and where to look, without values, names or internal ids. */
function dataOf(calls: readonly Call[]): object {
  return {
    calls: calls.slice(0, MAX_CALLS).map(({ id, severity, level, class: kind, reason, at, answerBy, link, alarms }) => ({
      step: id,
      severity,
      level,
      class: kind,
      reason,
      at: new Date(at).toISOString(),
      ...(answerBy === undefined ? {} : { answer_by: new Date(answerBy).toISOString() }),
      link,
      alarms: alarms.slice(0, MAX_ALARMS).map(({ code, severity: own, title, since }) => ({
        code,
        severity: own,
        title,
        since: new Date(since).toISOString(),
      })),
    })),
    ...(calls.length > MAX_CALLS ? { not_listed: calls.length - MAX_CALLS } : {}),
  };
}
