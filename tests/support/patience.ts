// How long a test waits for what must come. Only a wait that would never end may reach the limit, on the slowest machine too, and one
// that was suspended for a while: it costs nothing while nothing is wrong. (Tasks in .mjs files have the same figure.)

/** Below the time limit of a whole test in vitest.config.ts, so that what was waited for is named. */
export const PATIENCE_MS = 60_000;
