// DeadlockError: nothing is left that could ever wake anything.

import {
  type JoinHandle,
  join,
  Pending,
  pending,
  pollFn,
  ready,
  sleep,
  spawn,
  yieldNow,
} from "tokiwa";
import { DeadlockError } from "tokiwa/runtime";
import { oneshot } from "tokiwa/sync";
import { taskBuilder } from "tokiwa/task";
import { expect, test } from "vitest";
import { paused, real, runScript, thrown } from "../support/tasks.js";

function* waitsForEver(log: string[] = []) {
  try {
    yield* pending();
  } finally {
    log.push("dropped");
  }
}

test.each([
  ["on a paused clock", paused],
  ["on the real clock", real],
])("blockOn throws it instead of hanging, %s", (_, make) => {
  const error = thrown(() => make().blockOn(waitsForEver));
  expect(error).toBeInstanceOf(DeadlockError);
  expect(error.message).toContain("nothing can make progress");
});

test("names the tasks that wait", () => {
  const error = thrown(() =>
    paused().blockOn(function* program() {
      taskBuilder({ name: "the-name" }).spawn(pending());
      spawn(waitsForEver);
      yield* pending();
    }),
  );
  expect(error.message).toContain('task 1 "program"');
  expect(error.message).toContain('task 2 "the-name"');
  expect(error.message).toContain('task 3 "waitsForEver"');
});

test("an ordinary run says afterwards what each task waits for, and forgets it again", () => {
  const rt = real();
  function* program() {
    const [tx, rx] = oneshot.channel<null>();
    spawn(waitsForEver);
    spawn(join(waitsForEver(), rx));
    yield* rx;
    tx.send(null);
  }
  for (let round = 0; round < 2; round++) {
    const error = thrown(() => rt.blockOn(program)) as DeadlockError;
    expect(error.message).toMatch(/"program" waits for a oneshot receiver/);
    expect(error.message).toMatch(/"waitsForEver" waits for pending\(\)/);
    expect(error.message).toMatch(/waits for all of \(pending\(\).*oneshot/);
  }
});

test("what goes on when it is asked was not stuck", () => {
  let polls = 0;
  const careless = pollFn(() => (++polls < 2 ? Pending : "came"));
  expect(
    real().blockOn(function* () {
      return yield* careless;
    }),
  ).toBe("came");
});

test("names only some of very many, and says how many more there are", () => {
  const error = thrown(() =>
    paused().blockOn(function* () {
      for (let task = 0; task < 1_000; task++) spawn(waitsForEver);
      yield* pending();
    }),
  );
  expect(error.message.length).toBeLessThan(2_000);
  expect(error.message).toMatch(/and \d+ more/);
});

test("two tasks that wait for each other", () => {
  const error = thrown(() =>
    paused().blockOn(function* () {
      const [tx1, rx1] = oneshot.channel<null>();
      const [tx2, rx2] = oneshot.channel<null>();
      const other = spawn(function* () {
        yield* rx1;
        tx2.send(null);
      });
      yield* rx2;
      tx1.send(null);
      yield* other;
    }),
  );
  expect(error).toBeInstanceOf(DeadlockError);
});

test("a task that waits for itself", () => {
  const rt = paused();
  const handle: JoinHandle<void> = rt.spawn(function* () {
    yield* handle;
  });
  expect(thrown(() => rt.blockOn(handle))).toBeInstanceOf(DeadlockError);
});

test("a timer still set is no deadlock: it comes only when the last has fired", () => {
  const rt = paused();
  let slept = false;
  const error = thrown(() =>
    rt.blockOn(function* () {
      spawn(function* () {
        yield* sleep(1_000_000);
        slept = true;
      });
      yield* pending();
    }),
  );
  expect(error).toBeInstanceOf(DeadlockError);
  expect(slept).toBe(true);
});

test("the runtime can be used afterwards, and the main future that was stuck is dropped", () => {
  const rt = paused();
  const log: string[] = [];
  thrown(() => rt.blockOn(waitsForEver, log));
  expect(rt.blockOn(ready("usable"))).toBe("usable");
  rt.blockOn(yieldNow());
  expect(log).toEqual(["dropped"]);
  expect(rt.metrics().numAliveTasks()).toBe(0);
});

const PRELUDE = `
  import { main, pending, sleep, spawn, future } from "tokiwa";
  import { Builder } from "tokiwa/runtime";
  function* stuck() { yield* pending(); }
`;

test("run rejects with it when the process would end, so that no await is left hanging", async ({
  task,
}) => {
  const { stdout, code } = await runScript(
    task.file.projectName ?? "",
    `${PRELUDE}
     const rt = Builder.newCurrentThread().enableAll().build();
     try { await rt.run(stuck); } catch (error) { console.log(error.name, error.message); }
     console.log("went on");`,
  );
  expect(stdout).toContain("DeadlockError");
  expect(stdout).toContain('"stuck" waits for pending()');
  expect(stdout).toContain("went on");
  expect(code).toBe(0);
});

test("tasks that asking where they stand has brought on are noted no longer", async ({ task }) => {
  const { stdout } = await runScript(
    task.file.projectName ?? "",
    `${PRELUDE}
     import { pollFn, Pending } from "tokiwa";
     const rt = Builder.newCurrentThread().enableAll().build();
     const told = () => rt.dump().find((task) => task.fn === "stuck").waitsFor;
     let polls = 0;
     const asked = pollFn(() => (polls++ > 0 ? undefined : Pending));
     await rt.run(function* () {
       spawn(stuck);
       yield* asked;
       yield* sleep(250);
       console.log(polls, told() === undefined);
     });
     polls = 0;
     await rt.run(pollFn(() => (polls++ > 0 ? undefined : Pending)));
     console.log(polls, told() === undefined);
     try { await rt.run(stuck); } catch (error) { console.log(error.message.includes('"stuck" waits for pending()')); }`,
  );
  expect(stdout.trim().split("\n")).toEqual(["2 true", "2 true", "true"]);
});

test("so do main, an awaited handle, and an await on the ambient runtime", async ({ task }) => {
  const { stdout } = await runScript(
    task.file.projectName ?? "",
    `${PRELUDE}
     const rt = Builder.newCurrentThread().enableAll().startPaused(true).build();
     const waits = [() => main(stuck), () => rt.spawn(stuck), () => future(stuck), () => main(async () => { await pending(); })];
     for (const wait of waits)
       try { await wait(); } catch (error) { console.log(error.name); }`,
  );
  expect(stdout.trim().split("\n")).toEqual(new Array(4).fill("DeadlockError"));
});

test("an error that nobody catches ends the process with a code", async ({ task }) => {
  const { stderr, code } = await runScript(
    task.file.projectName ?? "",
    `${PRELUDE} await main(stuck);`,
  );
  expect(code).not.toBe(0);
  expect(stderr).toContain("DeadlockError");
  expect(stderr).toContain('"stuck" waits for pending()');
});

test("something else that the process waits for puts it off", async ({ task }) => {
  const { stdout } = await runScript(
    task.file.projectName ?? "",
    `${PRELUDE}
     import { oneshot } from "tokiwa/sync";
     const [tx, rx] = oneshot.channel();
     setTimeout(() => tx.send("sent by a timer"), 20);
     console.log(await main(() => rx.then((value) => value)));`,
  );
  expect(stdout).toContain("sent by a timer");
});

test("a process with tasks that nobody drives ends by itself", async ({ task }) => {
  const result = await runScript(
    task.file.projectName ?? "",
    `${PRELUDE}
     const rt = Builder.newCurrentThread().enableAll().build();
     rt.spawn(sleep(1e9));
     await rt.run(sleep(1));
     await main(function* () { spawn(sleep(1e9)); yield* sleep(1); });
     console.log("end");`,
  );
  expect(result).toMatchObject({ code: 0, hung: false });
  expect(result.stdout).toContain("end");
});

test("async functions: the report names them, and nothing that only drives their awaits; it is told once", async ({
  task,
}) => {
  const result = await runScript(
    task.file.projectName ?? "",
    `import { main, sleep, spawn } from "tokiwa";
     import { Mutex } from "tokiwa/sync";
     const [left, right] = [new Mutex(0), new Mutex(0)];
     async function eat(first, second) {
       const guard = await first.lock();
       await sleep(1);
       await second.lock();
     }
     await main({ startPaused: true }, async function dinner() {
       spawn(eat, left, right);
       await spawn(eat, right, left);
     }).catch((error) => console.log(error.message.replace(/ at .*/g, "")));`,
  );
  expect(result.stdout.trim().split("\n").slice(1)).toEqual([
    '  task 1 "dinner" waits for the end of task 3 "eat"',
    '  task 2 "eat" waits for Mutex.lock(), held by task 3',
    '  task 3 "eat" waits for Mutex.lock(), held by task 2',
  ]);
  expect(result).toMatchObject({ code: 0, stderr: "" });
});
