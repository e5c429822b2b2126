import { prepareTestKafka } from '@kidjamo/connector-kafka/testing';

/** Room for the brokers of a run. None is started here: most runs need none. */
export default async function setup(): Promise<() => Promise<void>> {
  const run = await prepareTestKafka();
  // Brokers have a session of their own and would outlive a run that is broken off.
  process.once('exit', run.stopNow);
  return run.stop;
}
