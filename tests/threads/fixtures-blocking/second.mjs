// Leaves a mark on its thread at once.
globalThis.tokiwaMarks ??= [];
globalThis.tokiwaMarks.push("second");
