import { LOG_PARTITIONS, logConformance } from '@kidjamo/stream/testing';

import { describeKafka } from '../src/testing/index.ts';
import { makeTopic, openLog, trimTopic } from './kafka-log-subject.ts';

describeKafka('the log on Kafka', (broker) => {
  logConformance('Kafka', async () => {
    const on = await makeTopic(broker().servers, { partitions: LOG_PARTITIONS });
    const [log, second] = [await openLog(on), await openLog(on)];
    return {
      log,
      second,
      trim: (partition, offset) => trimTopic(on, partition, offset),
      close: async () => {
        await log.close();
        await second.close();
      },
    };
  });
});
