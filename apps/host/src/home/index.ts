export { openHome } from './home.ts';
export type { Home } from './home.ts';
export { readInstance } from './instance-file.ts';
export { openKeys } from './key-file.ts';
export type { Keys } from './key-file.ts';
