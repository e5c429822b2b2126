/** The migrations of the vitals application. They come after those of the streaming core. */

import type { MigrationSet } from '@kidjamo/connector-postgres';

export const VITALS_MIGRATIONS: MigrationSet = { name: 'vitals', folder: new URL('./migrations/', import.meta.url) };
