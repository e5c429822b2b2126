/** An observer that keeps what it was told. */

import type { NotifierObserver } from '../notifier/observer.ts';

/** What was told, each as its name and what came with it. */
export type Told = readonly [name: keyof NotifierObserver, ...with_: unknown[]];

/** Keeps everything in `told`. */
export function recordingObserver(): NotifierObserver & { readonly told: Told[] } {
  const told: Told[] = [];
  const note =
    (name: keyof NotifierObserver) =>
    (...rest: unknown[]): void => {
      told.push([name, ...rest]);
    };
  return {
    told,
    planned: note('planned'),
    unreachable: note('unreachable'),
    unreached: note('unreached'),
    attempted: note('attempted'),
    possibleDuplicate: note('possibleDuplicate'),
    fellBack: note('fellBack'),
    undeliverable: note('undeliverable'),
    gone: note('gone'),
    failed: note('failed'),
  };
}
