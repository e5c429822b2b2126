import { userInfo } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Home } from './kidjamo.ts';
import { PROMISE_MS, readmeReading } from './readme.ts';

// What could not be processed is looked at and decided on by people, and nothing of it is lost by their decision.

let home: Home;
const me = userInfo().username;

beforeAll(async () => {
  home = await Home.make();
  await home.up({ env: { AUTO_ENROLL: 'false' } });
});

afterAll(async () => {
  await home.remove();
});

interface Listed {
  readonly items: readonly { readonly id: string; readonly reason: string; readonly status: string }[];
  readonly next_cursor: string | null;
}

async function fails(args: readonly string[]): Promise<{ exit: number | null; code: string; message: string }> {
  const { code: exit, out } = await home.run([...args, '--json']);
  const { error } = JSON.parse(out) as { error: { code: string; message: string } };
  return { exit, ...error };
}

test('quarantine: list by pages, show, release, discard', { timeout: 400_000 }, async () => {
  const { path, headers, body } = await readmeReading();
  const sent = JSON.parse(body) as { patient_id: string; device_id: string; timestamp: string };
  const send = async (text: string): Promise<number> => (await fetch(`${home.url}${path}`, { method: 'POST', headers, body: text })).status;
  const broken = '{"patient_id": "patient-7';
  const old = body.replace(sent.timestamp, '2020-02-03T04:05:06.000Z');
  for (const text of [body, old, broken]) await send(text);

  const seen: Listed['items'][number][] = [];
  let cursor: string | null = null;
  do {
    const more: string[] = cursor === null ? [] : ['--cursor', cursor];
    const page: Listed = await home.json<Listed>(['quarantine', 'list', '--limit', '1', ...more]);
    expect(page.items).toHaveLength(1);
    seen.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null);
  expect(new Map(seen.map(({ reason, status }) => [reason, status]))).toEqual(
    new Map([
      ['unparseable', 'held'],
      ['timestamp_old', 'held'],
      ['unknown_patient', 'held'],
    ]),
  );
  const idOf = (reason: string): string => seen.find((item) => item.reason === reason)?.id ?? '';
  expect(JSON.stringify(seen)).not.toContain(sent.patient_id);

  const shown = await home.json<object>(['quarantine', 'show', idOf('unparseable')]);
  expect(shown).toMatchObject({ payload: broken, status: 'held', reason: 'unparseable', decisions: [] });

  const release = (reason: string): string[] => ['quarantine', 'release', idOf(reason), '--why', 'the nurse knows'];
  expect(await fails(release('unknown_patient'))).toMatchObject({
    exit: 1,
    code: 'INPUT_INVALID',
    message: expect.stringMatching(/patient is not known/) as string,
  });
  expect(await fails(release('unparseable'))).toMatchObject({
    exit: 1,
    code: 'INPUT_INVALID',
    message: expect.stringMatching(/not valid JSON/) as string,
  });
  const assign = ['device', 'assign', '--device', sent.device_id, '--patient', sent.patient_id];
  expect(await home.json(assign)).toEqual({ ok: true, released: 1, waiting: 0 });
  expect(await home.json(release('timestamp_old'))).toMatchObject({ ok: true, status: 'released', released: 1 });
  expect(await fails(release('timestamp_old'))).toMatchObject({ exit: 1, message: expect.stringMatching(/was released before/) as string });
  await expect
    .poll(() => home.sql('SELECT extract(year FROM recorded_at)::int AS year, imported FROM measurements ORDER BY 1'), {
      timeout: PROMISE_MS,
    })
    .toEqual([
      { year: 2020, imported: true },
      { year: new Date(sent.timestamp).getUTCFullYear(), imported: false },
    ]);

  expect(await home.json(['quarantine', 'discard', idOf('unparseable'), '--why', 'a test'])).toMatchObject({ status: 'discarded' });
  expect(await fails(['quarantine', 'discard', idOf('unparseable'), '--why', 'a test'])).toMatchObject({
    message: expect.stringMatching(/discarded before/) as string,
  });
  expect(await home.json(['quarantine', 'show', idOf('unparseable')])).toMatchObject({
    payload: broken,
    status: 'discarded',
    decisions: [{ decision: 'discarded', by: me, why: 'a test' }],
  });
  expect(
    await home.sql('SELECT reason, decision, decided_by, why FROM quarantine_decisions JOIN quarantine USING (quarantine_id) ORDER BY 1'),
  ).toEqual([
    { reason: 'timestamp_old', decision: 'released', decided_by: me, why: 'the nurse knows' },
    { reason: 'unknown_patient', decision: 'released', decided_by: me, why: 'the device was assigned' },
    { reason: 'unparseable', decision: 'discarded', decided_by: me, why: 'a test' },
  ]);
  expect((await home.json<Listed>(['quarantine', 'list', '--status', 'held'])).items).toEqual([]);
  expect(await fails(['quarantine', 'show', '00000000-0000-4000-8000-000000000000'])).toMatchObject({ exit: 1, code: 'NOT_FOUND' });
});

test('dlq: list, show, replay once, discard', { timeout: 400_000 }, async () => {
  const append = (value: string): Promise<object[]> =>
    home.sql(
      `SELECT stream.append('vitals-input', ARRAY[0], ARRAY[1], ARRAY[0::smallint], ARRAY[convert_to('k' || chr(30) || $1, 'UTF8')])`,
      [value],
    );
  await append('{"kind":"nonsense"}');
  await home.processed();
  const list = (status: string): Promise<Listed> => home.json<Listed>(['dlq', 'list', '--status', status]);
  const [letter] = (await list('held')).items;
  const id = letter?.id ?? '';
  expect(id).toMatch(/^vitals-input\/vitals\/0\/\d+$/);
  expect(await home.json(['dlq', 'show', id])).toMatchObject({ id, value: '{"kind":"nonsense"}', status: 'held', decided: null });
  expect(await fails(['dlq', 'replay', id.replace('/vitals/', '/lake-raw/'), '--why', 'x'])).toMatchObject({ code: 'INPUT_INVALID' });

  // What the task could not read then, it can read now.
  const device = '7a1d0b3e-0000-4000-8000-000000000001';
  const reading = {
    kind: 'reading',
    id: '7a1d0b3e-0000-4000-8000-000000000002',
    patient: '7a1d0b3e-0000-4000-8000-000000000003',
    device,
    at: Date.parse('2026-01-02T03:04:05Z'),
    received: Date.parse('2026-01-02T03:04:06Z'),
    correlation: 'c',
    digest: 'd',
    source: 'nested',
    vitals: { heart_rate: 71 },
  };
  await home.sql('UPDATE stream.dead_letter SET value = $1', [JSON.stringify(reading)]);
  const outcome = await home.json<{ new_offset: number }>(['dlq', 'replay', id, '--why', 'mended']);
  expect(outcome).toMatchObject({ ok: true, id, status: 'replayed' });
  expect(await fails(['dlq', 'replay', id, '--why', 'again'])).toMatchObject({
    exit: 1,
    message: expect.stringMatching(/was replayed before/) as string,
  });
  await home.processed();
  expect(await home.sql('SELECT heart_rate_bpm FROM measurements WHERE device_id = $1', [device])).toEqual([{ heart_rate_bpm: 71 }]);
  expect(await home.json(['dlq', 'show', id])).toMatchObject({
    status: 'replayed',
    decided: { by: me, why: 'mended', newOffset: outcome.new_offset },
  });

  await append('{"kind":"nonsense"}');
  await home.processed();
  const [second] = (await list('held')).items;
  expect(await home.json(['dlq', 'discard', second?.id ?? '', '--why', 'a test'])).toMatchObject({ ok: true, status: 'discarded' });
  expect((await list('held')).items).toEqual([]);
  expect((await list('discarded')).items).toMatchObject([{ id: second?.id }]);
  const { checks } = await home.json<{ checks: object[] }>(['doctor']);
  expect(checks).toContainEqual({ name: 'dead letters', ok: true, detail: '0' });
});

test('retire: a group that is gone for good holds nothing back', { timeout: 300_000 }, async () => {
  await home.sql(`INSERT INTO stream.consumer_offset (log, consumer_group, partition) VALUES ('vitals-input', 'gone', 0)`);
  await home.sql(`UPDATE stream.log_batch SET appended_at = appended_at - interval '1 year' WHERE log = 'vitals-input' AND partition = 0`);
  const { code, out } = await home.run(['doctor', '--json']);
  expect(code).toBe(1);
  const { checks } = JSON.parse(out) as { checks: object[] };
  expect(checks).toContainEqual(
    expect.objectContaining({
      name: 'group gone is abandoned',
      ok: false,
      remedy: expect.stringContaining('kidjamo retire gone') as string,
    }),
  );
  expect(await home.json(['retire', 'gone'])).toMatchObject({ ok: true, group: 'gone', logs: [{ log: 'vitals-input' }] });
  expect(await home.json(['doctor'])).toMatchObject({ ok: true });
  expect(await fails(['retire', 'gone'])).toMatchObject({ exit: 1, code: 'NOT_FOUND' });
  expect(await fails(['retire', 'vitals'])).toMatchObject({ exit: 1, code: 'INPUT_INVALID' });
});
