/** Where the pages are. They are served as they stand: no build. */

import { fileURLToPath } from 'node:url';

/** Absolute path of the folder with index.html. */
export const PUBLIC_FOLDER = fileURLToPath(new URL('../public', import.meta.url));
