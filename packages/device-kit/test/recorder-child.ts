/**
 * A device: records a reading every few milliseconds and says so on its output once it is kept, until it is killed or has recorded
 * `last`. Then it flushes and ends.
 */
import { setTimeout as delay } from 'node:timers/promises';

import { DeviceKit } from '../src/index.ts';

const [folder = '', url = '', from = '', last = '', start = ''] = process.argv.slice(2);
const kit = await DeviceKit.open({ folder, url, deviceId: 'kit-device', retry: { initialMs: 50, maxMs: 500 } });
process.stdout.write('open\n');
for (let n = Number(from); n <= Number(last); n += 1) {
  const timestamp = new Date(Number(start) + n * 1000).toISOString();
  await kit.record({ patient_id: 'patient-kit', timestamp, vitals: { heart_rate: 60 + (n % 50), spo2: 97, temperature: 36.8 } });
  process.stdout.write(`${String(n)}\n`);
  await delay(2);
}
await kit.flush();
await kit.close();
