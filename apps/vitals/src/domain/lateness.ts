/** When data are late beside their own receipt, and what still comes of it (clinical reference, section 3). Behind others of the device: `WINDOW_LATENESS`. */

/** ms*: data further behind their own receipt are late, imports aside. */
export const LATE_AFTER_RECEIPT = 60 * 60_000;
/** ms*: late data older than this page nobody, even when they are the newest known. */
export const PAGES_WITHIN = 24 * 60 * 60_000;
/** ms*: late breaches of one rule that lie closer together are one. */
export const SAME_STRETCH = 10 * 60_000;
