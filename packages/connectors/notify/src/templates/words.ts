/** The words of notifications, in both languages. */

import type { Language, Severity, Text } from '../channel.ts';
import type { Reason } from '../notifier/call.ts';

/** A severity as it opens a message. */
export const SEVERITY_WORD: Readonly<Record<Severity, Text>> = {
  critical: { en: 'CRITICAL', fr: 'CRITIQUE' },
  alert: { en: 'ALERT', fr: 'ALERTE' },
  warn: { en: 'WARNING', fr: 'ATTENTION' },
  info: { en: 'INFORMATION', fr: 'INFORMATION' },
};

/** What has happened, in few words: after the severity, and before the alarm's own title. Empty for a new clinical alarm, whose title says it. */
export const REASON_WORD: Readonly<Record<Reason, Text>> = {
  raised: { en: '', fr: '' },
  escalated: { en: 'nobody has answered', fr: "personne n'a répondu" },
  repeated: { en: 'still on', fr: 'toujours en cours' },
  cleared: { en: 'over, not seen yet', fr: 'terminé, pas encore vu' },
  resolved: { en: 'resolved', fr: 'résolu' },
  informed: { en: 'for information', fr: 'pour information' },
  test: { en: 'test', fr: 'essai' },
};

/** What opens a technical message, so that nobody takes it for a word about the patient's health. */
export const TECHNICAL_WORD: Text = { en: 'technical', fr: 'technique' };

/** What has happened and what is asked, in a sentence or two. */
export const REASON_SENTENCE: Readonly<Record<'clinical' | 'technical', Readonly<Record<Reason, Text>>>> = {
  clinical: {
    raised: {
      en: 'An alarm has been raised. Please look at it and answer.',
      fr: "Une alarme s'est déclenchée. Merci de la regarder et d'y répondre.",
    },
    escalated: {
      en: 'Nobody has answered this alarm in time, so it comes to you. Please look at it and answer.',
      fr: "Personne n'a répondu à temps à cette alarme : elle vous est transmise. Merci de la regarder et d'y répondre.",
    },
    repeated: {
      en: 'This alarm is still on. Please look at it again.',
      fr: 'Cette alarme est toujours en cours. Merci de la regarder à nouveau.',
    },
    cleared: {
      en: 'The values are back within their limits. Nobody has seen the alarm yet: please look at it.',
      fr: "Les valeurs sont revenues dans leurs limites. Personne n'a encore vu l'alarme : merci de la regarder.",
    },
    resolved: { en: 'The alarm is over. Nothing more is asked of you.', fr: "L'alarme est terminée. Rien d'autre ne vous est demandé." },
    informed: {
      en: 'A caregiver has answered this critical alarm. You are told because you treat the patient.',
      fr: 'Un aidant a répondu à cette alarme critique. Vous en êtes informé parce que vous suivez le patient.',
    },
    test: {
      en: 'This is a test. Nothing has happened, and nothing is asked of you.',
      fr: "Ceci est un essai. Rien ne s'est passé et rien ne vous est demandé.",
    },
  },
  technical: {
    raised: {
      en: 'A device needs attention. Until then the patient may not be watched.',
      fr: "Un appareil demande votre attention. D'ici là, le patient n'est peut-être plus surveillé.",
    },
    escalated: {
      en: 'A device needs attention and nobody has answered. The patient may not be watched.',
      fr: "Un appareil demande de l'attention et personne n'a répondu. Le patient n'est peut-être plus surveillé.",
    },
    repeated: {
      en: 'A device still needs attention. The patient may not be watched.',
      fr: "Un appareil demande toujours votre attention. Le patient n'est peut-être plus surveillé.",
    },
    cleared: {
      en: 'The device works again. Nobody has seen the fault yet: please look at it.',
      fr: "L'appareil fonctionne à nouveau. Personne n'a encore vu le défaut : merci de le regarder.",
    },
    resolved: {
      en: 'The device works again. Nothing more is asked of you.',
      fr: "L'appareil fonctionne à nouveau. Rien d'autre ne vous est demandé.",
    },
    informed: {
      en: 'For your information: a fault of a device was answered.',
      fr: "Pour information : quelqu'un a répondu au défaut d'un appareil.",
    },
    test: {
      en: 'This is a technical test. Nothing has happened, and nothing is asked of you.',
      fr: "Ceci est un essai technique. Rien ne s'est passé et rien ne vous est demandé.",
    },
  },
};

/** The rest of a mail. */
export const WORDS = {
  patient: { en: 'Patient', fr: 'Patient' },
  values: { en: 'Values', fr: 'Valeurs' },
  limit: { en: 'Limit', fr: 'Limite' },
  since: { en: 'Since', fr: 'Depuis' },
  actions: { en: 'What to do', fr: 'Que faire' },
  answerBy: { en: 'Please answer by', fr: 'Merci de répondre avant' },
  open: { en: 'Look and answer', fr: 'Voir et répondre' },
  level: { en: 'escalation', fr: 'escalade' },
  heldBack: { en: 'messages that waited', fr: 'messages en attente' },
  heldBackSentence: {
    en: 'These messages waited for the end of your quiet hours, or because there were many. None of them is critical.',
    fr: "Ces messages ont attendu la fin de vos heures de calme, ou parce qu'ils étaient nombreux. Aucun n'est critique.",
  },
  more: { en: 'more', fr: 'de plus' },
  footer: {
    en: 'Sent by Kidjamo. Not a medical device. In an emergency, call the emergency services.',
    fr: "Envoyé par Kidjamo. Ceci n'est pas un dispositif médical. En cas d'urgence, appelez les secours.",
  },
} as const satisfies Readonly<Record<string, Text>>;

/** A heading, a colon as the language sets it, and what follows it. */
export function headed(heading: string, text: string, language: Language): string {
  return `${heading}${language === 'fr' ? ' :' : ':'} ${text}`;
}

/** The same with a word of mails. */
export function labelled(word: keyof typeof WORDS, text: string, language: Language): string {
  return headed(WORDS[word][language], text, language);
}
