/** A mail as plain text and as plain HTML. Everything that is put into the HTML is escaped; it loads nothing. */

import type { Language } from '../channel.ts';
import { labelled, WORDS } from './words.ts';

/** An alarm, or a line of a list. */
export interface MailSection {
  readonly title: string;
  readonly lines: readonly string[];
  readonly actions: readonly string[];
}

/** What a mail says. */
export interface MailPart {
  readonly language: Language;
  readonly title: string;
  readonly paragraphs: readonly string[];
  readonly sections: readonly MailSection[];
  readonly link: string;
}

/** As plain text. */
export function textOf({ language, title, paragraphs, sections, link }: MailPart): string {
  const blocks = sections.map(({ title: heading, lines, actions }) =>
    [
      heading,
      ...lines.map((line) => `  ${line}`),
      ...(actions.length === 0 ? [] : [`  ${labelled('actions', '', language).trimEnd()}`, ...actions.map((action) => `  - ${action}`)]),
    ].join('\n'),
  );
  return [title, ...paragraphs, ...blocks, labelled('open', link, language), WORDS.footer[language]].join('\n\n');
}

/** As HTML. */
export function htmlOf({ language, title, paragraphs, sections, link }: MailPart): string {
  const blocks = sections.map(({ title: heading, lines, actions }) =>
    [
      `<h2 style="font-size:1rem">${escape(heading)}</h2>`,
      lines.length === 0 ? '' : `<p>${lines.map(escape).join('<br>')}</p>`,
      actions.length === 0
        ? ''
        : `<p>${escape(WORDS.actions[language])}</p><ul>${actions.map((action) => `<li>${escape(action)}</li>`).join('')}</ul>`,
    ].join(''),
  );
  return [
    `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><title>${escape(title)}</title></head>`,
    `<body style="font-family:sans-serif;color:#111"><h1 style="font-size:1.2rem">${escape(title)}</h1>`,
    ...paragraphs.map((paragraph) => `<p>${escape(paragraph)}</p>`),
    ...blocks,
    `<p><a href="${escape(link)}">${escape(WORDS.open[language])}</a></p>`,
    `<p style="color:#555">${escape(WORDS.footer[language])}</p></body></html>`,
  ].join('\n');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
