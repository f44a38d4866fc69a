// A worker entry of a program's own.
globalThis.tokiwaMarks = ["entry"];
await import("tokiwa/worker");
