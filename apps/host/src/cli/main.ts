/** The command line. */

import { KidjamoError } from '@kidjamo/stream';
import { Command, CommanderError } from 'commander';

import { alarmBenchCommand } from './alarm-bench.ts';
import { benchCommand } from './bench.ts';
import { deviceCommand } from './device.ts';
import { dlqCommand } from './dlq.ts';
import { doctorCommand } from './doctor.ts';
import { gatewayCommand } from './gateway.ts';
import { migrateCommand } from './migrate.ts';
import { notifyCommand } from './notify.ts';
import { fail, printFailure } from './output.ts';
import { quarantineCommand } from './quarantine.ts';
import { queryCommand } from './query.ts';
import { replayCommand } from './replay.ts';
import { retireCommand } from './retire.ts';
import { simulateCommand } from './simulate.ts';
import { topicsCommand } from './topics.ts';
import { upCommand } from './up.ts';
import { workerCommand } from './worker.ts';

/** All commands. `exit` is told the exit code of the one that ran. */
export function commandLine(exit: (code: number) => void): Command {
  const program = new Command('kidjamo')
    .description('Readings in, alarms out, nothing lost. Not a medical device.')
    .exitOverride()
    .showHelpAfterError('(kidjamo <command> --help tells more)');
  for (const add of [
    upCommand,
    gatewayCommand,
    workerCommand,
    topicsCommand,
    replayCommand,
    simulateCommand,
    queryCommand,
    doctorCommand,
    migrateCommand,
    deviceCommand,
    notifyCommand,
    quarantineCommand,
    dlqCommand,
    retireCommand,
    benchCommand,
    alarmBenchCommand,
  ]) {
    add(program, exit);
  }
  for (const command of program.commands) command.exitOverride();
  return program;
}

/** Runs a command and gives its exit code: 0 done, 1 failed, 2 wrong call or setting. */
export async function main(argv: readonly string[]): Promise<number> {
  let code = 0;
  const json = argv.includes('--json');
  const program = commandLine((value) => {
    code = value;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      // Commander has told the person already; a program reads standard output.
      if (json) printFailure('CONFIG_INVALID', error.message.replace(/^error: /, ''));
      return 2;
    }
    if (error instanceof KidjamoError || error instanceof Error) return fail(error, json);
    throw error;
  }
}
