/** docs/reference/settings.md, from the table of settings in apps/host/src/config/settings.ts. */
import { SETTINGS } from '../apps/host/src/config/settings.ts';

/** The document by its path. */
export function generate(): ReadonlyMap<string, string> {
  const rows = Object.entries(SETTINGS).map(
    ([name, setting]) => `| \`${name}\` | ${allowed(setting)} | ${byDefault(setting.default)} | ${setting.doc} |`,
  );
  return new Map([
    [
      'docs/reference/settings.md',
      [
        '# Settings',
        '',
        'Written by `npm run gen` from `apps/host/src/config/settings.ts`. Each is an environment variable. The variables of libpq (`PGHOST`, `PGPORT`, ...) are read too.',
        '',
        '| Variable | Values | Default | Meaning |',
        '| --- | --- | --- | --- |',
        ...rows,
        '',
      ].join('\n'),
    ],
  ]);
}

function allowed(setting: (typeof SETTINGS)[keyof typeof SETTINGS]): string {
  switch (setting.kind) {
    case 'number':
      return `${setting.min} to ${setting.max}`;
    case 'flag':
      return '`true`, `false`';
    case 'text':
      if (!('oneOf' in setting)) return 'secret' in setting ? 'text, secret' : 'text';
      return setting.oneOf.flatMap((choice) => (choice === '' ? [] : `\`${choice}\``)).join(', ');
  }
}

function byDefault(value: string | number | boolean): string {
  return value === '' ? '' : `\`${value}\``;
}
