export { OPERATOR } from './actor.ts';
export { registerLiveEvents } from './live/routes.ts';
export type { LiveEventsOptions } from './live/routes.ts';
export { registerLivePage } from './page.ts';
export type { LivePageOptions } from './page.ts';
export { answerProblem } from './problem.ts';
export { registerReadApi } from './routes.ts';
export type { ReadApiOptions } from './routes.ts';
export * as readSchemas from './schemas.ts';
