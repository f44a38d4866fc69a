// The future protocol as the rest of the library sees it.

export * from "./census.js";
export * from "./coop.js";
export * from "./coroutine.js";
export * from "./current.js";
export * from "./delay.js";
export * from "./drive.js";
export * from "./drop.js";
export * from "./duration.js";
export * from "./errors.js";
export * from "./future.js";
export * from "./into.js";
export * from "./join.js";
export * from "./owned.js";
export * from "./poll.js";
export * from "./promise.js";
export * from "./random.js";
export * from "./report.js";
export * from "./select.js";
export * from "./simple.js";
export * from "./waits.js";
export * from "./waker.js";
export * from "./waker-set.js";
