/** The load client's own process: takes a job from its parent, does it, tells the result. Ends with its parent. */

import { generate } from './generator.ts';
import type { LoadJob } from './job.ts';

process.once('disconnect', () => process.exit(1));
process.once('message', (job: LoadJob) => {
  generate(job).then(
    (result) => process.send?.({ result }),
    (error: unknown) =>
      process.send?.({
        error: error instanceof Error ? `${error.message}${error.cause instanceof Error ? `: ${error.cause.message}` : ''}` : String(error),
      }),
  );
});
