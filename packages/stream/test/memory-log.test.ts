import { systemClock } from '@kidjamo/stream';

import { LOG_PARTITIONS, logConformance, MemoryLog } from '../src/testing/index.ts';

logConformance('memory', async () => {
  const log = new MemoryLog('memory', LOG_PARTITIONS, systemClock);
  return { log, second: log, trim: async (partition, offset) => log.trim(partition, offset), close: async () => undefined };
});
