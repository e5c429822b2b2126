/** docs/reference/quality.md and docs/reference/floors.md, from the domain of the vitals application. */
import { FLOOR_CODES, FLOOR_VERSION, FLOORS, QUALITY_CHECKS, QUALITY_CODES } from '@kidjamo/vitals';

const yes = (value: boolean): string => (value ? 'yes' : 'no');
const cell = (text: string): string => text.replaceAll('|', '\\|');

/** The documents by their paths. */
export function generate(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/reference/quality.md', quality()],
    ['docs/reference/floors.md', floors()],
  ]);
}

function quality(): string {
  return [
    '# Quality',
    '',
    'Written by `npm run gen` from `apps/vitals/src/domain/quality`. A test compares the two. Nothing here is validated for medical use.',
    '',
    '## Codes',
    '',
    'The table `measurement_quality` holds the same 14 codes. A reading has the gravest one as its `quality_flag`. A code that excludes from trends makes the',
    'reading one of low confidence; so does a confidence below 80 or a sensor contact below 60. `out_of_range` marks and never excludes.',
    '',
    '| Code | Severity | Excludes from trends | Manual review | Meaning |',
    '| --- | --- | --- | --- | --- |',
    ...QUALITY_CODES.map(
      ({ code, severity, excludeFromTrends, manualReview, meaning }) =>
        `| \`${code}\` | ${severity} | ${yes(excludeFromTrends)} | ${yes(manualReview)} | ${cell(meaning)} |`,
    ),
    '',
    '## Flags that devices send',
    '',
    'A device may send any code. `good` and `fair` count as `ok`, `poor` as `low_signal`, `error` as `device_error`, `charging` as `user_removed`; capitals do not matter.',
    'Any other flag counts as `noise`, because a device that says something about its quality is seldom content. The text of such a flag is not passed on.',
    '',
    '## Checks',
    '',
    'Every reading passes all of them. What a check finds gives the reading its code; a check without a code is noted in `quality_codes` under its own name and',
    'excludes nothing. Findings are counted as `check.<name>`. A star marks a number that is our own decision, without a source.',
    '',
    '| Check | Code | Finds |',
    '| --- | --- | --- |',
    ...QUALITY_CHECKS.map(
      ({ name, code, description }) => `| \`${name}\` | ${code === undefined ? '' : `\`${code}\``} | ${cell(description)} |`,
    ),
    '',
    'Checks that look back compare a reading with those of the same device at most 5 minutes* before it. They leave out a reading that is older than the newest one.',
    '',
  ].join('\n');
}

function floors(): string {
  return [
    '# Floors',
    '',
    'Written by `npm run gen` from `apps/vitals/src/domain/floors.ts`. A test compares the two. Nothing here is validated for medical use.',
    '',
    `Limits that hold at any age, version ${FLOOR_VERSION}. A reading carries the codes of those it breaches. A vital sign that is missing never breaches.`,
    '',
    '| Code | Limit | Severity | English | French |',
    '| --- | --- | --- | --- | --- |',
    ...FLOOR_CODES.map((code) => FLOORS[code]).map(
      ({ code, limit, severity, title }) => `| \`${code}\` | ${cell(limit)} | ${severity} | ${cell(title.en)} | ${cell(title.fr)} |`,
    ),
    '',
    'From 38.5 Cel on, alerts on temperature bear the tag `emergency_protocol`.',
    '',
    '## What an alert says',
    '',
    ...FLOOR_CODES.flatMap((code) => {
      const { message, actions } = FLOORS[code];
      return [
        `### ${code}`,
        '',
        `${message.en} ${actions.map((action) => action.en).join('. ')}.`,
        '',
        `${message.fr} ${actions.map((action) => action.fr).join('. ')}.`,
        '',
      ];
    }),
    '## What becomes of a breach',
    '',
    '- One alert is open per patient and floor. Further breaches extend it.',
    '- A late breach raises a retrospective alert, which is listed and never open. Late means more than 10 minutes behind the newest reading of the same patient',
    '  and device, or, imports aside, more than 60 minutes* behind its own receipt. Late breaches within 10 minutes* of each other share one.',
    '- Except: when the newest value known of the patient comes late, is at most 24 hours* old and breaches a floor, it opens an alert like any other, which states its age.',
    '- An imported breach opens an alert that pages nobody. A live breach puts a live alert in its place.',
    '- A reading in quarantine, or in conflict with a stored one, is checked too. Its alert is marked uncertain until a stored reading breaches the same floor.',
    '- A device that says it was taken off or is charging opens no alert. The breach stays on the reading.',
    '',
  ].join('\n');
}
