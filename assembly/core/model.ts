// What the core built for the model checker (tests/model) imports. No other build has it.

/** Tells the explorer which word is about to be read (0), written (1), or read and written in one step (2). */
export declare function before(address: usize, kind: i32): void;
