/** docs/reference/commands.md, from what the commands themselves say with --help. */
import { commandLine } from '../apps/host/src/cli/main.ts';

type Command = ReturnType<typeof commandLine>;

const WIDTH = 120;

/** The document by its path. */
export function generate(): ReadonlyMap<string, string> {
  const program = commandLine(() => undefined);
  return new Map([
    [
      'docs/reference/commands.md',
      [
        '# Commands',
        '',
        'Written by `npm run gen` from the help of the commands. As `npm run kidjamo -- <command>`, or `kidjamo <command>` after `npm link`.',
        '',
        'Results go to standard output, progress and remarks to standard error. With `--json` the result is one JSON value. The exit code is 0 when it was',
        'done, 1 when it failed, 2 when the call or a setting was wrong. All but `up`, `doctor`, `migrate`, `bench` and `alarm-bench` talk to the instance that runs on `KIDJAMO_HOME`; where',
        'none runs, they start one for as long as they need it.',
        '',
        ...leaves(program).flatMap((command) => [`## ${path(command)}`, '', '```text', helpOf(command), '```', '']),
      ].join('\n'),
    ],
  ]);
}

/** The commands that do something. */
function leaves(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
}

function path(command: Command): string {
  return command.parent === null ? command.name() : `${path(command.parent)} ${command.name()}`;
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => WIDTH, getOutHasColors: () => false });
  command.outputHelp();
  return text.trimEnd();
}
