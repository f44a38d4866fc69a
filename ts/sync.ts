// tokiwa/sync: what needs no runtime, and TaskTracker, which spawns.

export * from "./sync/index.js";
export { TaskTracker, TrackerToken } from "./task/task-tracker.js";
