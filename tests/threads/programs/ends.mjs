// Programs, one a name, that show when a process ends and how. Their sendable functions stand in the same file.
//
//   node ends.mjs name

import { main, pending, sendable, sleep, spawn } from "tokiwa";
import { Builder } from "tokiwa/runtime";
import { oneshot } from "tokiwa/sync";
import { spawnBlocking } from "tokiwa/task";

const url = import.meta.url;

export const double = sendable(url, "double", (number) => 2 * number);
export const naps = sendable(url, "naps", function* (ms) {
  yield* sleep(ms);
  return "rested";
});
export const says = sendable(url, "says", (text) => {
  process.stdout.write(`${text}\n`);
});
export const fails = sendable(url, "fails", () => {
  throw new RangeError("from a worker");
});
export const dies = sendable(url, "dies", () => {
  process.exit(3);
});
export const spins = sendable(url, "spins", () => {
  for (;;);
});
export const whispers = sendable(url, "whispers", function* (ms, text) {
  yield* sleep(ms);
  process.stdout.write(`${text}\n`);
});

const build = () => Builder.newMultiThread().workerThreads(2).enableAll().build();
const say = (text) => console.log(text);

const programs = {
  // With main.
  "main-plain": () =>
    main(function* () {
      say(yield* spawn(double, 21));
    }),
  "main-nothing": () => main(function* () {}),
  "main-waits-long": () =>
    main(function* () {
      say(yield* spawn(naps, 300));
    }),
  "main-waits-local-sleep": () =>
    main(function* () {
      yield* spawn(double, 1);
      yield* sleep(200);
      say("slept");
    }),
  "main-pool": () =>
    main(function* () {
      say(yield* spawnBlocking(double, 4));
    }),
  "main-leaves-tasks": () =>
    main(function* () {
      spawn(naps, 1_000_000);
      spawn(pending());
      spawn(function* () {
        yield* sleep(1_000_000);
      });
      say(yield* spawn(double, 5));
    }),
  "main-leaves-spinner": () =>
    main(function* () {
      spawn(spins);
      yield* sleep(100);
      say("done");
    }),
  "main-many": () =>
    main(function* () {
      const handles = Array.from({ length: 2_000 }, (_, i) => spawn(double, i));
      let sum = 0;
      for (const handle of handles) sum += yield* handle;
      say(sum);
    }),
  "main-async": () =>
    main(async () => {
      say(await spawn(double, 6));
    }),
  "main-panics": () =>
    main(function* () {
      yield* spawn(double, 1);
      throw new Error("from main");
    }),
  "main-sees-panic": () =>
    main(function* () {
      yield* spawn(fails);
    }),
  "main-ignores-panic": () =>
    main(function* () {
      const handle = spawn(fails);
      while (!handle.isFinished()) yield* sleep(1);
      say("done");
    }),
  "main-sees-death": () =>
    main(function* () {
      try {
        yield* spawn(dies);
      } catch (error) {
        say(error.isWorkerLost);
      }
      say(yield* spawn(double, 7));
    }),
  "main-exit-code": () =>
    main(function* () {
      process.exitCode = 4;
      say(yield* spawn(double, 8));
    }),
  "main-exits": () =>
    main(function* () {
      say(yield* spawn(double, 9));
      process.exit(6);
    }),
  "main-deadlock": () =>
    main(function* () {
      const [tx, rx] = oneshot.channel();
      globalThis.keep = tx;
      yield* rx;
    }),
  "main-twice": async () => {
    for (const number of [1, 2])
      await main(function* () {
        say(yield* spawn(double, number));
      });
  },

  // With a runtime.
  "never-shut-down": async () => {
    build();
    say("built");
  },
  "never-shut-down-used": async () => {
    const rt = build();
    say(await rt.spawn(double, 1));
  },
  "never-shut-down-pool": async () => {
    const rt = build();
    const guard = rt.enter();
    const call = spawnBlocking(double, 1);
    guard[Symbol.dispose]();
    say(await call);
  },
  "never-shut-down-busy": async () => {
    const rt = build();
    rt.spawn(naps, 1_000_000);
    rt.spawn(sleep(1_000_000));
    rt.spawn(spins);
    say(await rt.spawn(double, 2));
  },
  unawaited: async () => {
    // What nobody waits for does not keep the process alive; what somebody waits for does.
    const rt = build();
    rt.spawn(whispers, 600_000, "never");
    await rt.spawn(whispers, 100, "heard");
  },
  "awaited-promise": async () => {
    const rt = build();
    rt.spawn(naps, 200).then(say);
  },
  "awaited-run": async () => {
    const rt = build();
    rt.run(function* () {
      return yield* rt.spawn(naps, 200);
    }).then(say);
  },
  "shutdown-waits": async () => {
    const rt = build();
    await rt.spawn(double, 1);
    say((await rt.shutdown()).stuck.length);
  },
  "shutdown-stuck": async () => {
    const rt = build();
    const stuck = rt.spawn(spins);
    stuck.then(undefined, () => {});
    await rt.spawn(naps, 50);
    say((await rt.shutdownTimeout(50)).stuck.map(({ fn }) => fn).join());
  },
  "shutdown-background": async () => {
    const rt = build();
    rt.spawn(naps, 1_000_000);
    rt.spawn(spins);
    await rt.spawn(double, 1);
    rt.shutdownBackground();
    say("background");
  },
  "block-on": async () => {
    const rt = build();
    say(
      rt.blockOn(function* () {
        return yield* rt.spawn(naps, 100);
      }),
    );
  },
  "says-order": () =>
    main(function* () {
      yield* spawn(says, "from a worker");
      yield* sleep(50);
      say("from main");
    }),
  "event-loop-goes-on": async () => {
    // A timer of the program's own, set in main, outlives it.
    await main(function* () {
      say(yield* spawn(double, 3));
      setTimeout(() => say("timer"), 150);
    });
  },
};

// A worker imports this module too, and has no program to run.
const name = process.argv[2];
const { isMainThread } = await import("node:worker_threads");
if (isMainThread) await programs[name]();
