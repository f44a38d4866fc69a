// The cells of shared memory between node/counter.mjs and its workers: the number of the round, the tasks in it, the next of
// them, and the workers that are not done yet.

export const CELLS = { round: 0, tasks: 1, next: 2, busy: 3 };
