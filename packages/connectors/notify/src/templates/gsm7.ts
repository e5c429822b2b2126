/** GSM-7, the alphabet of SMS (3GPP TS 23.038): 160 characters of it fit in one message, and only 70 once another one is in it. */

/** Characters of one SMS. */
export const SMS_LENGTH = 160;

const BASIC = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
/** These take two places. */
const EXTENDED = new Set('^{}\\[~]|€');

/** What stands for characters that lose more than an accent. */
const INSTEAD: Readonly<Record<string, string>> = {
  '’': "'",
  '‘': "'",
  '“': '"',
  '”': '"',
  '«': '"',
  '»': '"',
  '–': '-',
  '—': '-',
  '…': '...',
  '°': '',
  œ: 'oe',
  Œ: 'OE',
  β: 'b',
  '≥': '>=',
  '≤': '<=',
  '\u00a0': ' ',
  '\u202f': ' ',
  '\u2009': ' ',
};

/** The text in the alphabet. Accents that it has (à, é, è, ù) stay; of other letters the accent goes (ê, ç, î); the rest becomes `?`. */
export function toGsm7(text: string): string {
  return Array.from(text.normalize('NFC'), (character) => {
    if (BASIC.has(character) || EXTENDED.has(character)) return character;
    const instead = INSTEAD[character];
    if (instead !== undefined) return instead;
    const bare = Array.from(character.normalize('NFKD')).filter((part) => BASIC.has(part));
    return bare.length === 0 ? '?' : bare.join('');
  }).join('');
}

/** Places that a text takes, or undefined where it has other characters. */
export function gsm7Length(text: string): number | undefined {
  let length = 0;
  for (const character of text) {
    if (!BASIC.has(character) && !EXTENDED.has(character)) return undefined;
    length += BASIC.has(character) ? 1 : 2;
  }
  return length;
}

/** The text cut so that it takes `places` at most, with dots where something was cut. */
export function cutGsm7(text: string, places: number): string {
  if ((gsm7Length(text) ?? 0) <= places) return text;
  const dots = '...';
  if (places <= dots.length) return '';
  let kept = '';
  let length = dots.length;
  for (const character of text) {
    length += EXTENDED.has(character) ? 2 : 1;
    if (length > places) break;
    kept += character;
  }
  return `${kept.trimEnd()}${dots}`;
}
