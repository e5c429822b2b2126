/** `npm run check` and `npm run fix`. */
import { check, fix } from './checks.ts';

const failed = process.argv.includes('--fix') ? await fix() : (await check()).failed;
process.exitCode = failed === 0 ? 0 : 1;
