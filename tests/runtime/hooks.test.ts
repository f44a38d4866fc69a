// The builder's hooks: when each is called, and that one which throws leaves the runtime going.

import { pending, ready, sleep, spawn, yieldNow } from "tokiwa";
import { type Builder, Handle, type Runtime, type TaskMeta } from "tokiwa/runtime";
import { oneshot } from "tokiwa/sync";
import { taskBuilder } from "tokiwa/task";
import { expect, test } from "vitest";
import { count, paused, rejection, runScript, settles, stderrOf } from "../support/tasks.js";
import { pause } from "../support/time.js";

function* child() {
  yield* yieldNow();
}

test("onTaskSpawn gets id, name and function of each spawned task, before it first runs", () => {
  const log: (TaskMeta | string)[] = [];
  const rt = paused((builder) => builder.onTaskSpawn((meta) => log.push(meta)));
  rt.blockOn(function* () {
    log.push("spawning");
    spawn(child);
    taskBuilder({ name: "named" }).spawn(child);
    log.push("spawned");
    yield* sleep(1);
  });
  expect(log.slice(-4)).toEqual([
    "spawning",
    { id: 2, name: undefined, fn: "child" },
    { id: 3, name: "named", fn: "child" },
    "spawned",
  ]);
});

test("onTaskTerminate is called once for each task, in whatever way it ends", async () => {
  const ended: number[] = [];
  const rt = paused((builder) => builder.onTaskTerminate(({ id }) => ended.push(id)));
  await rt.run(function* () {
    const handles = [
      spawn(ready("value")),
      spawn(function* () {
        throw new Error("panic");
      }),
      spawn(pending()),
      spawn(async () => "async"),
    ];
    yield* sleep(1);
    handles[2]?.abort();
    handles[2]?.abort();
    yield* sleep(1);
    for (const handle of handles) {
      try {
        yield* handle;
      } catch {}
    }
  });
  expect(ended.filter((id) => id >= 2 && id <= 5).sort()).toEqual([2, 3, 4, 5]);
});

test("onTaskTerminate comes for the tasks that a shutdown drops", () => {
  const ended: number[] = [];
  const rt = paused((builder) => builder.onTaskTerminate(({ id }) => ended.push(id)));
  rt.spawn(pending());
  rt.spawn(pending());
  rt.shutdownBackground();
  expect(ended.sort()).toEqual([1, 2]);
});

test("the main future of blockOn and run is no spawned task, and no await is", async () => {
  const seen: TaskMeta[] = [];
  const rt = paused((builder) =>
    builder.onTaskSpawn((meta) => seen.push(meta)).onTaskTerminate((meta) => seen.push(meta)),
  );
  rt.blockOn(child);
  await rt.run(async () => {
    await sleep(1);
  });
  expect(seen).toEqual([]);
});

test.each([
  ["blockOn", (rt: Runtime) => rt.blockOn(pause, 5)],
  ["run", (rt: Runtime) => rt.run(pause, 5)],
])(
  "park and unpark hooks come in pairs under %s, when there is nothing to do",
  async (_, drive) => {
    const log: string[] = [];
    const rt = paused((builder) =>
      builder.onThreadPark(() => log.push("park")).onThreadUnpark(() => log.push("unpark")),
    );
    await drive(rt);
    expect(log.length).toBeGreaterThan(0);
    expect(log).toEqual(log.map((_, index) => (index % 2 === 0 ? "park" : "unpark")));
    expect(rt.metrics().workerParkCount()).toBe(log.filter((line) => line === "park").length);
  },
);

test("a runtime that always has something to do does not park", () => {
  let parks = 0;
  const rt = paused((builder) => builder.onThreadPark(() => parks++));
  rt.blockOn(function* () {
    for (let round = 0; round < 1_000; round++) yield* yieldNow();
  });
  expect(parks).toBe(0);
});

test("a park hook runs in the runtime's context and may spawn: then the thread does not sleep", () => {
  const [tx, rx] = oneshot.channel<string | undefined>();
  let parks = 0;
  const rt = paused((builder) =>
    builder.name("hooked").onThreadPark(() => {
      if (parks++ > 0) return;
      const { name } = Handle.current();
      spawn(function* () {
        tx.send(name);
      });
    }),
  );
  expect(rt.blockOn(rx)).toBe("hooked");
});

test("under run as well", async () => {
  const [tx, rx] = oneshot.channel<string>();
  let parks = 0;
  const rt = paused((builder) =>
    builder.onThreadPark(() => {
      if (parks++ === 0)
        spawn(function* () {
          tx.send("spawned by the hook");
        });
    }),
  );
  expect(await settles(rt.run(rx))).toBe("spawned by the hook");
});

test("the hook that was set last is the one that is called", () => {
  const log: string[] = [];
  const rt = paused((builder) =>
    builder.onTaskSpawn(() => log.push("first")).onTaskSpawn(() => log.push("second")),
  );
  rt.spawn(child);
  expect(log).toEqual(["second"]);
});

test("current_thread starts no threads, so their hooks are not called", () => {
  const log: number[] = [];
  const rt = paused((builder) =>
    builder.onThreadStart((worker) => log.push(worker)).onThreadStop((worker) => log.push(worker)),
  );
  rt.blockOn(pause, 1);
  rt.shutdownBackground();
  expect(log).toEqual([]);
});

function throwing(): never {
  throw new Error("the hook's own error");
}

const hooks: [string, (builder: Builder) => Builder][] = [
  ["onTaskSpawn", (builder) => builder.onTaskSpawn(throwing)],
  ["onTaskTerminate", (builder) => builder.onTaskTerminate(throwing)],
  ["onThreadPark", (builder) => builder.onThreadPark(throwing)],
  ["onThreadUnpark", (builder) => builder.onThreadUnpark(throwing)],
];

test.each(hooks)("%s that throws is reported, and everything goes on", async (name, set) => {
  const rt = paused(set);
  function* program() {
    const handles = [spawn(child), spawn(sleep(5)), spawn(child)];
    for (const handle of handles) yield* handle;
    return "went on";
  }
  const text = await stderrOf(async () => {
    expect(rt.blockOn(program)).toBe("went on");
    expect(await settles(rt.run(program))).toBe("went on");
  });
  expect(count(text, "the hook's own error")).toBeGreaterThan(0);
  expect(text).toContain(name);
});

// In a process of its own: should it fail, the guard would be in force for every test behind it.
test("a park hook that enters a runtime and forgets to leave it does no harm", async ({ task }) => {
  const { stdout, stderr } = await runScript(
    task.file.projectName ?? "",
    `import { sleep } from "tokiwa";
     import { Builder, Handle } from "tokiwa/runtime";
     const paused = () => Builder.newCurrentThread().enableAll().startPaused(true);
     const other = paused().name("other").build();
     const guards = [];
     const rt = paused().name("mine").onThreadPark(() => { guards.push(other.enter()); }).build();
     const name = rt.blockOn(function* () {
       yield* sleep(1);
       yield* sleep(1);
       return Handle.current().name;
     });
     console.log(name, Handle.tryCurrent()?.name);`,
  );
  expect(stderr).toBe("");
  expect(stdout.trim()).toBe("mine undefined");
});

test("a terminate hook that throws does not keep the waiters from the value", async () => {
  const rt = paused((builder) => builder.onTaskTerminate(throwing));
  await stderrOf(async () => {
    expect(await settles(rt.spawn(ready("value")))).toBe("value");
    const error = await settles(
      rejection(
        rt.spawn(function* () {
          throw new Error("panic");
        }),
      ),
    );
    expect(error.message).toContain("panic");
  });
});
