/** Opens a home, says how that went, and holds it until its input ends or it is killed. A process of its own, since a home belongs to one. */
import { systemClock } from '@kidjamo/stream';

import { openHome } from '../src/home/index.ts';

try {
  const home = await openHome({ path: process.argv[2] ?? '', clock: systemClock });
  if (process.argv[3] === 'announce') {
    await home.announce({
      api_url: 'http://127.0.0.1:1',
      database_url: 'postgres://x',
      started_at: '2025-01-01T00:00:00.000Z',
      version: '1',
    });
  }
  process.stdout.write('open\n');
  process.stdin.once('end', () => void home.close()).resume();
} catch (error) {
  process.stdout.write(`${String(error)}\n`);
}
