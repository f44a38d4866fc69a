// main: a whole program.

import { main, pending, ready, sleep, spawn, yieldNow } from "tokiwa";
import { Handle, InvalidArgumentError, ShutdownError } from "tokiwa/runtime";
import { DurationError, Instant } from "tokiwa/time";
import { expect, test } from "vitest";
import { rejection, runScript, settles, thrown } from "../support/tasks.js";

test("gives what the program gives: a coroutine function or an async function", async () => {
  expect(
    await main(function* () {
      yield* yieldNow();
      return "coroutine";
    }),
  ).toBe("coroutine");
  expect(
    await main(async ({ signal }) => {
      await yieldNow();
      return signal.aborted;
    }),
  ).toBe(false);
});

test("rejects with what the program throws, the very same", async () => {
  const error = new Error("from main");
  expect(
    await rejection(
      main(function* () {
        throw error;
      }),
    ),
  ).toBe(error);
  expect(
    await rejection(
      main(async () => {
        await yieldNow();
        throw error;
      }),
    ),
  ).toBe(error);
});

test("drops the tasks that are left, and shuts its runtime down", async () => {
  const log: string[] = [];
  const handle = await main(function* () {
    spawn(function* () {
      try {
        yield* pending();
      } finally {
        log.push("dropped");
      }
    });
    yield* yieldNow();
    return { handle: Handle.current() };
  });
  expect(log).toEqual(["dropped"]);
  expect(thrown(() => handle.handle.spawn(ready(1)))).toBeInstanceOf(ShutdownError);
});

test("drops them too when the program throws", async () => {
  const log: string[] = [];
  await rejection(
    main(function* () {
      spawn(function* () {
        try {
          yield* pending();
        } finally {
          log.push("dropped");
        }
      });
      yield* yieldNow();
      throw new Error("no");
    }),
  );
  expect(log).toEqual(["dropped"]);
});

test("takes options: name, seed, and a clock that stands", async () => {
  const seen = await settles(
    main({ name: "app", rngSeed: 5, startPaused: true, flavor: "current_thread" }, function* () {
      const start = Instant.now();
      yield* sleep(86_400_000);
      return [Handle.current().name, start.elapsed()];
    }),
  );
  expect(seen).toEqual(["app", 86_400_000]);
});

test("the seed repeats", async () => {
  const draw = () =>
    main({ rngSeed: 5 }, function* () {
      return Array.from({ length: 20 }, () => Handle.current().randomBelow(1_000));
    });
  expect(await draw()).toEqual(await draw());
});

test("has every driver", async () => {
  const { TcpListener } = await import("tokiwa/net");
  const port = await settles(
    main(function* () {
      using listener = yield* TcpListener.bind("127.0.0.1:0");
      yield* sleep(0);
      return listener.localAddr().port;
    }),
  );
  expect(port).toBeGreaterThan(0);
});

test.each([
  ["flavor", { flavor: "green_thread" }],
  ["workerThreads", { workerThreads: 0 }],
  ["rngSeed", { rngSeed: -1 }],
  ["startPaused", { startPaused: "yes" }],
  ["name", { name: "" }],
])("a bad %s rejects with its name, and the program does not run", async (setting, options) => {
  let ran = false;
  const error = await rejection(
    main(options as never, async () => {
      ran = true;
    }),
  );
  expect(error).toBeInstanceOf(InvalidArgumentError);
  expect((error as InvalidArgumentError).argument).toContain(setting);
  expect(ran).toBe(false);
});

test.each([undefined, null, 5, "program"])("a program that is %s rejects", async (program) => {
  expect(await rejection(main(program as never))).toBeInstanceOf(InvalidArgumentError);
  expect(await rejection(main({}, program as never))).toBeInstanceOf(InvalidArgumentError);
});

test("an error of the library inside the program comes out as it is", async () => {
  const error = await rejection(
    main(function* () {
      yield* sleep(-1);
    }),
  );
  expect(error).toBeInstanceOf(DurationError);
});

test("two mains at once are two runtimes", async () => {
  function program(name: string) {
    return main({ name, startPaused: true }, function* () {
      yield* sleep(10);
      return Handle.current().name;
    });
  }
  expect(await settles(Promise.all([program("a"), program("b")]))).toEqual(["a", "b"]);
});

test("the process ends when main does", async ({ task }) => {
  const result = await runScript(
    task.file.projectName ?? "",
    `import { main, sleep, spawn, interval } from "tokiwa";
     await main(function* () {
       spawn(sleep(1e9));
       spawn(function* () { const ticks = interval(1e6); for (;;) yield* ticks.tick(); });
       yield* sleep(1);
     });
     console.log("ended");`,
  );
  expect(result).toMatchObject({ code: 0, hung: false });
  expect(result.stdout.trim()).toBe("ended");
  expect(result.stderr).toBe("");
});

test("a rejection that nobody catches ends the process with a code and the program's stack", async ({
  task,
}) => {
  const { code, stderr } = await runScript(
    task.file.projectName ?? "",
    `import { main, sleep } from "tokiwa";
     function* crashes() { yield* sleep(1); throw new RangeError("crashed"); }
     await main(crashes);`,
  );
  expect(code).not.toBe(0);
  expect(stderr).toContain("RangeError: crashed");
  expect(stderr).toContain("crashes");
});
