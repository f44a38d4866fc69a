// What users see of the classes of the package: nothing that only the library calls.

import { Handle, Runtime } from "tokiwa/runtime";
import { CancellationToken, mpsc, type SharedMutex } from "tokiwa/sync";
import { JoinHandle, type JoinSet } from "tokiwa/task";
import { expectTypeOf, test } from "vitest";

test("internals are not in the types", () => {
  void ((mutex: SharedMutex<number>, set: JoinSet<string>) => {
    expectTypeOf(mutex).not.toHaveProperty("~instead");
    expectTypeOf(set).not.toHaveProperty("memberEnded");
    expectTypeOf(set).toHaveProperty("joinNext");
  });
});

test("what only the library makes cannot be made", () => {
  void (() => [
    // @ts-expect-error a runtime gives it
    new Handle(),
    // @ts-expect-error a Builder makes it
    new Runtime(),
    // @ts-expect-error a spawn gives it
    new JoinHandle(),
    // @ts-expect-error a channel has it
    new mpsc.Sender(),
    new CancellationToken(),
  ]);
});
