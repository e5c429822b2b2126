import { sinkConformance } from '../../src/testing/index.ts';
import { MemorySink, newTarget } from './memory-sink.ts';

sinkConformance('memory', {
  create: async () => {
    const target = newTarget();
    return {
      sink: new MemorySink(target),
      second: () => new MemorySink(target),
      record: (i) => ({ key: `k${i % 3}`, value: String(i) }),
      invalidRecord: { key: 'k0', value: 'bad record' },
      steps: 1,
      crashBefore: () => {
        const doomed = new MemorySink(target);
        doomed.during = () => new Promise(() => undefined);
        return doomed;
      },
      read: async () => target.records.map((record) => record.value),
      close: async () => undefined,
    };
  },
});
