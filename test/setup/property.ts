import fc from 'fast-check';

const full = process.env['KIDJAMO_SUITE'] === 'full';
const seed = process.env['KIDJAMO_SEED'];

// A failure prints its seed; KIDJAMO_SEED=<seed> runs it again. The full suite looks ten times as far.
fc.configureGlobal({ numRuns: full ? 1_000 : 100, ...(seed === undefined ? {} : { seed: Number(seed) }) });
