import { REASONS, renderMessage, SEVERITIES } from '@kidjamo/connector-notify';
import type { Call, Language, Message } from '@kidjamo/connector-notify';
import { sampleCall } from '@kidjamo/connector-notify/testing';
import { describe, expect, test } from 'vitest';

import { gsm7Length } from '../src/templates/gsm7.ts';

const fr = { language: 'fr', timeZone: 'Africa/Douala' } as const;
const en = { language: 'en', timeZone: 'Europe/London' } as const;
const render = (more: Partial<Call>, reader: { language: Language; timeZone: string } = fr): Message =>
  renderMessage([sampleCall(more)], reader);

const every = (['clinical', 'technical'] as const).flatMap((kind) =>
  REASONS.flatMap((reason) => SEVERITIES.flatMap((severity) => [fr, en].map((reader) => ({ class: kind, reason, severity, reader })))),
);

describe.each(every)('$class $reason $severity in $reader.language', ({ reader, ...call }) => {
  const message = render(call, reader);

  test('fits one SMS of GSM-7 characters, with severity, time and link', () => {
    expect(gsm7Length(message.sms)).toBeLessThanOrEqual(160);
    expect(message.sms).toContain(reader.language === 'fr' ? '21:14' : '20:14');
    expect(message.sms.endsWith(` ${message.link}`)).toBe(true);
    expect(message.sms.startsWith('Kidjamo ')).toBe(true);
  });

  test('names nobody but in the mail', () => {
    const { text, html, ...open } = message;
    expect(JSON.stringify(open)).not.toMatch(/Awa|5f0c9a3e/);
    expect(text).toContain('Awa N.');
    expect(html).toContain('Awa N.');
    expect(`${text}${html}`).not.toContain('5f0c9a3e');
  });

  test('says the same in both forms of the mail', () => {
    for (const part of [message.title, message.summary, message.link]) expect(message.text).toContain(part);
    expect(message.html).toContain(`href="${message.link}"`);
    expect(message.html).not.toMatch(/<script|<img|<link|src=/);
  });
});

test('words differ by class, reason and language', () => {
  const titles = every.filter(({ severity }) => severity === 'critical').map(({ reader, ...call }) => render(call, reader).title);
  expect(new Set(titles).size).toBe(titles.length);
});

test.each([
  [render({}).sms, 'Kidjamo CRITIQUE : Saturation en oxygène très basse 21:14 https://kidjamo.example/e/7Q2M'],
  [
    render({ reason: 'escalated', level: 1 }).sms,
    "Kidjamo CRITIQUE, personne n'a répondu (escalade 1) : Saturation en oxygène très basse 21:14 https://kidjamo.example/e/7Q2M",
  ],
  [render({ class: 'technical', severity: 'warn', reason: 'raised' }, en).title, 'WARNING, technical: Oxygen saturation very low'],
])('%s', (written, expected) => {
  expect(written).toBe(expected);
});

test('a mail tells values, limit, actions and until when to answer, as the reader writes them', () => {
  const french = render({}).text;
  for (const part of ['SpO2 84,5 %', 'Limite : SpO2 < 88 %', 'avant 21:19', "- Donner de l'oxygène tout de suite", 'Depuis : 21:13']) {
    expect(french).toContain(part);
  }
  expect(render({}, en).text).toContain('Values: SpO2 84.5 %');
});

test('what gives way in a long SMS is the title; never the severity, the time or the link', () => {
  const [alarm] = sampleCall().alarms;
  const long = { fr: 'Très '.repeat(60), en: 'Very '.repeat(60) };
  const { sms } = render({ alarms: alarm === undefined ? [] : [{ ...alarm, title: long }] });
  expect(gsm7Length(sms)).toBeLessThanOrEqual(160);
  expect(sms).toMatch(/^Kidjamo CRITIQUE : Très .*\.\.\. 21:14 https:\/\/kidjamo\.example\/e\/7Q2M$/);
  const link = `https://kidjamo.example/${'x'.repeat(180)}`;
  const second = render({ link }).sms;
  expect(second.endsWith(link)).toBe(true);
  expect(second.startsWith('Kidjamo CRITIQUE : Saturation en oxygène')).toBe(true);
});

test('letters that SMS does not have lose their accents only', () => {
  const [alarm] = sampleCall().alarms;
  const title = { fr: 'Fièvre ≥ 38 °C, œdème, ça brûle, déjà où, Sβ0, SpO₂ 84 %', en: '' };
  const { sms } = render({ alarms: alarm === undefined ? [] : [{ ...alarm, title }] });
  expect(sms).toContain('Fièvre >= 38 C, oedème, ca brule, déjà où, Sb0, SpO2 84 %');
  expect(gsm7Length(sms)).toBeLessThanOrEqual(160);
});

test('what is put into HTML stays text', () => {
  const { html } = render({ patientName: '<script>alert("x")</script>', link: 'https://kidjamo.example/?a=1&b="2"' });
  expect(html).not.toContain('<script>');
  expect(html).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;');
  expect(html).toContain('href="https://kidjamo.example/?a=1&amp;b=&quot;2&quot;"');
});

test('a zone that this machine does not know gives UTC, and says so', () => {
  expect(render({}, { language: 'fr', timeZone: 'Mars/Olympus' }).sms).toContain(' 20:14 UTC ');
});

test('calls that were held back come as one message, gravest first in its title, oldest first in its list', () => {
  const calls = [
    sampleCall({ id: 'a', severity: 'info', at: Date.UTC(2026, 10, 21, 1) }),
    sampleCall({ id: 'b', severity: 'alert', at: Date.UTC(2026, 10, 21, 2), reason: 'escalated', level: 1 }),
    sampleCall({ id: 'c', severity: 'warn', at: Date.UTC(2026, 10, 21, 5) }),
  ];
  const message = renderMessage(calls, fr);
  expect(message.severity).toBe('alert');
  expect(message.title).toBe('ALERTE : 3 messages en attente');
  expect(message.sms).toBe('Kidjamo ALERTE : 3 messages en attente 06:00 https://kidjamo.example/e/7Q2M');
  expect(message.text.indexOf('02:00')).toBeLessThan(message.text.indexOf('06:00'));
  expect(message.data).toMatchObject({ calls: [{ step: 'a' }, { step: 'b' }, { step: 'c' }] });
});

test('a message stays small however much there is to tell', () => {
  const [alarm] = sampleCall().alarms;
  if (alarm === undefined) expect.fail('there is an alarm');
  const call = sampleCall({ alarms: Array.from({ length: 500 }, () => alarm) });
  const message = renderMessage(
    Array.from({ length: 500 }, () => call),
    fr,
  );
  expect(message.text.length).toBeLessThan(20_000);
  expect(JSON.stringify(message.data).length).toBeLessThan(200_000);
  expect(renderMessage([call], fr).text).toContain('+ 492 de plus');
});
