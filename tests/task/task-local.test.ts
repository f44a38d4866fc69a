// taskLocal: a value for what a future does. (After Tokio's task_local and task_local_set.)

import { future, join, pending, select, sleep, spawn, timeout, yieldNow } from "tokiwa";
import { AccessError, JoinSet, taskLocal } from "tokiwa/task";
import { expect, test } from "vitest";
import { BadDispose, Probe, paused, pollOnce, real, thrown } from "../support/tasks.js";

const requestId = taskLocal<string>("requestId");
const depth = taskLocal<number>("depth");

function* reads() {
  yield* yieldNow();
  return requestId.get();
}

test("a coroutine sees the value through all of its polls", () => {
  const seen = paused().blockOn(function* () {
    return yield* requestId.scope(
      "r-1",
      future(function* () {
        const seen = [requestId.get()];
        yield* sleep(1);
        seen.push(requestId.get());
        yield* sleep(1);
        seen.push(yield* reads());
        return seen;
      }),
    );
  });
  expect(seen).toEqual(["r-1", "r-1", "r-1"]);
});

test("takes a coroutine that was called", () => {
  paused().blockOn(function* () {
    expect(yield* requestId.scope("r-1", reads())).toBe("r-1");
  });
});

test("outside of a scope there is none, and the error names the key", () => {
  paused().blockOn(function* () {
    const error = thrown(() => requestId.get());
    expect(error).toBeInstanceOf(AccessError);
    expect(error.message).toContain("task-local value not set");
    expect(error.message).toContain("requestId");
    expect(requestId.tryGet()).toBe(undefined);
    yield* requestId.scope("r-1", reads());
    expect(requestId.tryGet()).toBe(undefined);
  });
});

test("between the polls nobody sees it", () => {
  paused().blockOn(function* () {
    const other = spawn(function* () {
      const seen: unknown[] = [];
      for (let turn = 0; turn < 5; turn++) {
        seen.push(requestId.tryGet());
        yield* yieldNow();
      }
      return seen;
    });
    yield* requestId.scope(
      "r-1",
      future(function* () {
        for (let turn = 0; turn < 5; turn++) yield* yieldNow();
      }),
    );
    expect(yield* other).toEqual(new Array(5).fill(undefined));
  });
});

test("each task has its own", () => {
  const seen = paused().blockOn(function* () {
    const set = new JoinSet<[string, string]>();
    for (const name of ["a", "b", "c"])
      set.spawn(
        requestId.scope(
          name,
          future(function* () {
            const first = requestId.get();
            yield* sleep(name.charCodeAt(0) % 3);
            return [first, requestId.get()] as [string, string];
          }),
        ),
      );
    return yield* set.joinAll();
  });
  expect(seen.sort()).toEqual([
    ["a", "a"],
    ["b", "b"],
    ["c", "c"],
  ]);
});

test("a spawned task does not inherit it", () => {
  paused().blockOn(function* () {
    const seen = yield* requestId.scope(
      "r-1",
      future(function* () {
        const child = spawn(function* () {
          yield* yieldNow();
          return requestId.tryGet();
        });
        const passed = spawn(requestId.scope(requestId.get(), reads()));
        return [yield* child, yield* passed];
      }),
    );
    expect(seen).toEqual([undefined, "r-1"]);
  });
});

test("nested scopes shadow, and the outer value is back after", () => {
  paused().blockOn(function* () {
    const seen = yield* requestId.scope(
      "outer",
      future(function* () {
        const seen = [requestId.get()];
        seen.push(yield* requestId.scope("inner", reads()));
        seen.push(requestId.get());
        return seen;
      }),
    );
    expect(seen).toEqual(["outer", "inner", "outer"]);
  });
});

test("scopes side by side on one task do not mix", () => {
  const seen = paused().blockOn(function* () {
    return yield* join(
      requestId.scope("a", reads()),
      requestId.scope("b", reads()),
      future(function* () {
        yield* yieldNow();
        return requestId.tryGet() ?? "none";
      }),
    );
  });
  expect(seen).toEqual(["a", "b", "none"]);
});

test("several keys", () => {
  paused().blockOn(function* () {
    const seen = yield* requestId.scope(
      "r-1",
      depth.scope(
        3,
        future(function* () {
          yield* yieldNow();
          return [requestId.get(), depth.get()];
        }),
      ),
    );
    expect(seen).toEqual(["r-1", 3]);
  });
});

test("the value is there in `finally` when the future is dropped, and gone after", () => {
  const log: unknown[] = [];
  paused().blockOn(function* () {
    const scoped = requestId.scope(
      "r-1",
      future(function* () {
        try {
          yield* pending();
        } finally {
          log.push(requestId.tryGet());
        }
      }),
    );
    yield* select({ scoped, tick: sleep(1) });
    log.push(requestId.tryGet());
    const task = spawn(
      requestId.scope(
        "aborted",
        future(function* () {
          try {
            yield* pending();
          } finally {
            log.push(requestId.tryGet());
          }
        }),
      ),
    );
    yield* sleep(1);
    task.abort();
    yield* sleep(1);
  });
  expect(log).toEqual(["r-1", undefined, "aborted"]);
});

test("an outer value is back when a poll or a drop throws", () => {
  paused().blockOn(function* () {
    yield* requestId.scope(
      "outer",
      future(function* () {
        const throwing = requestId.scope(
          "inner",
          future(function* () {
            throw new Error("failed");
          }),
        );
        expect(thrown(() => pollOnce(throwing)).message).toBe("failed");
        expect(requestId.get()).toBe("outer");
        const bad = requestId.scope("inner", new BadDispose(new Error("bad drop")));
        expect(thrown(() => bad[Symbol.dispose]()).message).toBe("bad drop");
        expect(requestId.get()).toBe("outer");
        bad[Symbol.dispose]();
      }),
    );
    expect(requestId.tryGet()).toBe(undefined);
  });
});

test("syncScope: for one call, back after it returns or throws", () => {
  expect(
    requestId.syncScope("a", () => [
      requestId.get(),
      requestId.syncScope("b", () => requestId.get()),
      requestId.get(),
    ]),
  ).toEqual(["a", "b", "a"]);
  thrown(() =>
    requestId.syncScope("a", () => {
      throw new Error("failed");
    }),
  );
  expect(requestId.tryGet()).toBe(undefined);
});

test("undefined is a value", () => {
  const maybe = taskLocal<number | undefined>("maybe");
  expect(maybe.syncScope(undefined, () => maybe.get())).toBe(undefined);
  expect(() => maybe.get()).toThrow(AccessError);
});

test("takeValue takes it out: the future goes on without", () => {
  const probe = new Probe<string>();
  const scoped = requestId.scope("r-1", probe);
  pollOnce(scoped);
  expect(scoped.takeValue()).toBe("r-1");
  expect(scoped.takeValue()).toBe(undefined);
  probe.complete("done");
  expect(pollOnce(scoped)).toBe("done");
  expect(thrown(() => pollOnce(scoped)).name).toBe("PolledAfterCompletionError");
  const without = requestId.scope(
    "r-2",
    future(function* () {
      return requestId.tryGet();
    }),
  );
  without.takeValue();
  paused().blockOn(function* () {
    expect(yield* without).toBe(undefined);
  });
});

test("combinators inside of a scope keep it", () => {
  paused().blockOn(function* () {
    const seen = yield* requestId.scope(
      "r-1",
      future(function* () {
        return [
          yield* timeout(100, reads()),
          (yield* select({ read: reads(), never: pending() })).value,
          ...(yield* join(reads(), reads())),
        ];
      }),
    );
    expect(seen).toEqual(["r-1", "r-1", "r-1", "r-1"]);
  });
});

test("an async function has it up to its first await, and in what it awaits with a scope of its own", async () => {
  const rt = real();
  const seen = await rt.run(function* () {
    return yield* requestId.scope(
      "r-1",
      future(async () => {
        const id = requestId.get();
        await sleep(1);
        const after = requestId.tryGet();
        const inner = await requestId.scope(id, reads());
        return [id, after, inner];
      }),
    );
  });
  expect(seen).toEqual(["r-1", undefined, "r-1"]);
  expect(requestId.tryGet()).toBe(undefined);
  await rt.shutdown();
});

test("names are checked, futures too", () => {
  expect(thrown(() => taskLocal("")).message).toContain("taskLocal(name)");
  expect(thrown(() => taskLocal(7 as never)).message).toContain("taskLocal(name)");
  expect(thrown(() => requestId.scope("r", Promise.resolve() as never)).message).toContain(
    "requestId.scope",
  );
});
