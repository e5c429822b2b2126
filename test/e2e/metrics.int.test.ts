import { afterAll, beforeAll, expect, test } from 'vitest';
import { Home } from './kidjamo.ts';
import { PROMISE_MS, readmeReading } from './readme.ts';

let home: Home;

beforeAll(async () => {
  home = await Home.make();
  await home.up();
});

afterAll(async () => {
  await home.remove();
});

test('the threads are seen at work', async () => {
  const { path, headers, body } = await readmeReading();
  const answer = await fetch(`${home.url}${path}`, { method: 'POST', headers, body });
  expect(answer.ok).toBe(true);
  await home.processed();
  const read = async (): Promise<Map<string, number>> => {
    await fetch(`${home.url}/admin/flush`, { method: 'POST' });
    const text = await (await fetch(`${home.url}/metrics/prometheus`)).text();
    return new Map([...text.matchAll(/^(kidjamo_[^ ]+) (\S+)$/gm)].map(([, name = '', value]) => [name, Number(value)]));
  };
  await expect
    .poll(async () => (await read()).get('kidjamo_sink_write_seconds_count{sink="lake-raw-readings"}'), { timeout: PROMISE_MS })
    .toBeGreaterThan(0);
  const metrics = await read();
  expect(metrics.get('kidjamo_task_commit_seconds_count')).toBeGreaterThan(0);
  expect(metrics.get('kidjamo_task_batch_records_sum')).toBeGreaterThan(0);
  expect(metrics.get('kidjamo_sink_circuit_open{sink="lake-raw-readings"}')).toBe(0);
  for (const role of ['main', 'task', 'lake']) {
    const used = metrics.get(`kidjamo_thread_heap_used_bytes{role="${role}"}`);
    expect(used, role).toBeGreaterThan(0);
    expect(metrics.get(`kidjamo_thread_heap_limit_bytes{role="${role}"}`), role).toBeGreaterThan(used ?? 0);
    expect(metrics.get(`kidjamo_thread_event_loop_delay_seconds{role="${role}"}`), role).toBeGreaterThanOrEqual(0);
  }
});
