// A panic that nobody looks at is printed on stderr, once; one that somebody looks at is not printed.

import { expect, test } from "vitest";
import { count, paused, rejection, runScript, stderrOf } from "../support/tasks.js";

const PRELUDE = `
  import { spawn, sleep, main } from "tokiwa";
  import { Builder } from "tokiwa/runtime";
  import { taskBuilder } from "tokiwa/task";
  function* careless() { throw new RangeError("nobody sees me"); }
`;

test("of a task whose handle was let go, at the latest when the process ends", async ({ task }) => {
  const { stderr, code } = await runScript(
    task.file.projectName ?? "",
    `${PRELUDE} await main(function* () { spawn(careless); yield* sleep(1); });`,
  );
  expect(count(stderr, "nobody sees me")).toBe(1);
  expect(stderr).toContain("RangeError");
  expect(stderr).toContain('"careless"');
  expect(stderr).toContain("task 2");
  expect(stderr).toContain("at careless");
  expect(code).toBe(0);
});

test("of several tasks, each once", async ({ task }) => {
  const { stderr } = await runScript(
    task.file.projectName ?? "",
    `${PRELUDE} await main(function* () {
       for (let i = 0; i < 3; i++) taskBuilder({ name: "task-" + i }).spawn(careless);
       yield* sleep(1);
     });`,
  );
  expect(count(stderr, "nobody sees me")).toBe(3);
  for (const name of ["task-0", "task-1", "task-2"]) expect(count(stderr, `"${name}"`)).toBe(1);
});

test("while the process goes on, after a moment and once", async ({ task }) => {
  const { stdout, stderr } = await runScript(
    task.file.projectName ?? "",
    `${PRELUDE}
     const rt = Builder.newCurrentThread().enableAll().build();
     rt.spawn(careless);
     let printed = 0;
     const write = process.stderr.write.bind(process.stderr);
     process.stderr.write = (chunk) => { printed += 1; return write(chunk); };
     await rt.run(function* () {
       for (let wait = 0; wait < 8000 && printed === 0; wait++) yield* sleep(1);
     });
     console.log("printed while running:", printed);
     await rt.shutdown();`,
  );
  expect(stdout).toContain("printed while running: 1");
  expect(count(stderr, "nobody sees me")).toBe(1);
});

test("of an async function too, and without an unhandledRejection", async ({ task }) => {
  const { stderr, code } = await runScript(
    task.file.projectName ?? "",
    `${PRELUDE} await main(function* () { spawn(async () => { throw new Error("nobody sees me"); }); yield* sleep(1); });`,
  );
  expect(count(stderr, "nobody sees me")).toBe(1);
  expect(code).toBe(0);
});

test("with the causes of the error", async () => {
  const rt = paused();
  rt.spawn(function* () {
    throw new Error("outer", { cause: new Error("inner cause") });
  });
  const text = await stderrOf(async () => {
    await rt.run(function* () {});
    await rt.shutdown();
  });
  expect(text).toContain("outer");
  expect(text).toContain("inner cause");
});

test("when the runtime shuts down, and not again afterwards", async () => {
  const rt = paused();
  rt.spawn(function* () {
    throw new Error("printed at shutdown");
  });
  const text = await stderrOf(async () => {
    await rt.run(function* () {});
    await rt.shutdown();
    rt.shutdownBackground();
  });
  expect(count(text, "printed at shutdown")).toBe(1);
});

test.each([
  [
    "awaited",
    async () => {
      const rt = paused();
      await rejection(
        rt.spawn(function* () {
          throw new Error("seen by await");
        }),
      );
      await rt.shutdown();
    },
  ],
  [
    "waited for in a coroutine",
    async () => {
      const rt = paused();
      rt.blockOn(function* () {
        try {
          yield* rt.spawn(function* () {
            throw new Error("seen by yield*");
          });
        } catch {}
      });
      await rt.shutdown();
    },
  ],
  [
    "the main future of run",
    async () => {
      const rt = paused();
      await rejection(
        rt.run(function* () {
          throw new Error("seen by run");
        }),
      );
      await rt.shutdown();
    },
  ],
  [
    "the main future of blockOn",
    async () => {
      const rt = paused();
      try {
        rt.blockOn(function* () {
          throw new Error("seen by blockOn");
        });
      } catch {}
      await rt.shutdown();
    },
  ],
])("not of a task that was %s", async (_, run) => {
  expect(await stderrOf(run)).not.toContain("seen by");
});

test("looking at it after the end of the task is in time", async () => {
  const rt = paused();
  const text = await stderrOf(async () => {
    const handle = rt.spawn(function* () {
      throw new Error("seen late");
    });
    await rt.run(function* () {});
    expect(handle.isFinished()).toBe(true);
    await rejection(handle);
    await rt.shutdown();
  });
  expect(text).not.toContain("seen late");
});

test("a cancelled task is nothing to print", async () => {
  const rt = paused();
  const text = await stderrOf(async () => {
    const handle = rt.spawn(function* () {
      yield* rt.spawn(function* () {});
    });
    handle.abort();
    await rt.run(function* () {});
    await rt.shutdown();
  });
  expect(text).toBe("");
});

test("a value without text is printed all the same", async () => {
  const rt = paused();
  rt.spawn(function* () {
    throw Object.create(null);
  });
  const text = await stderrOf(async () => {
    await rt.run(function* () {});
    await rt.shutdown();
  });
  expect(count(text, "panicked")).toBe(1);
});
