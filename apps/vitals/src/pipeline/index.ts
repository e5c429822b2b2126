/** What the thread of the task needs, and nothing of gateway, API and simulators: each thread keeps all that it loads in memory of its own. */

export { Cipher } from '../contracts/cipher.ts';
export { LOGS } from '../contracts/logs.ts';
export { TOPICS } from '../topics/names.ts';
export { VitalsStore } from './store.ts';
export { createVitalsTask } from './task.ts';
