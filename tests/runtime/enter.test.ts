// Handle.current, tryCurrent and enter: which runtime "here" means.

import { ready, sleep, spawn } from "tokiwa";
import {
  EnterOrderError,
  Handle,
  InvalidArgumentError,
  NoRuntimeError,
  type Runtime,
} from "tokiwa/runtime";
import { expect, test } from "vitest";
import { paused, settles, thrown } from "../support/tasks.js";

function named(name: string): Runtime {
  return paused((builder) => builder.name(name));
}

function here(): string | undefined {
  return Handle.tryCurrent()?.name;
}

test("outside of every runtime there is none", () => {
  expect(Handle.tryCurrent()).toBe(undefined);
  const error = thrown(() => Handle.current());
  expect(error).toBeInstanceOf(NoRuntimeError);
  expect(error.message).toContain("Handle.current()");
});

test("inside a task it is the task's, after waits too", () => {
  const names = named("mine").blockOn(function* () {
    const names = [Handle.current().name];
    yield* sleep(1);
    names.push(Handle.current().name);
    return names;
  });
  expect(names).toEqual(["mine", "mine"]);
});

test("has the flavor, the name, the metrics and the dump of its runtime", () => {
  const rt = named("mine");
  rt.spawn(ready(1));
  const handle = rt.handle();
  expect(handle.flavor).toBe("current_thread");
  expect(handle.name).toBe("mine");
  expect(handle.metrics().numAliveTasks()).toBe(1);
  expect(handle.dump()).toEqual(rt.dump());
  expect(paused().handle().name).toBe(undefined);
});

test("enter makes a runtime current until the guard is disposed, and they nest", () => {
  const [first, second] = [named("first"), named("second")];
  {
    using _outer = first.enter();
    expect(here()).toBe("first");
    {
      using _inner = second.handle().enter();
      expect(here()).toBe("second");
    }
    expect(here()).toBe("first");
  }
  expect(here()).toBe(undefined);
});

test("spawn and sleep mean the runtime that was entered", () => {
  const rt = named("mine");
  using guard = rt.enter();
  const handle = spawn(sleep(5));
  guard[Symbol.dispose]();
  expect(rt.metrics().numAliveTasks()).toBe(1);
  rt.blockOn(handle);
});

test("entering inside a task of another runtime, and back", () => {
  const [outer, inner] = [named("outer"), named("inner")];
  const names = outer.blockOn(function* () {
    const names = [here()];
    {
      using _entered = inner.enter();
      names.push(here());
      spawn(ready(1));
    }
    names.push(here());
    yield* sleep(1);
    names.push(here());
    return names;
  });
  expect(names).toEqual(["outer", "inner", "outer", "outer"]);
  expect(inner.metrics().numAliveTasks()).toBe(1);
});

test("guards disposed in another order than the reverse throw, and can be disposed in the right one", () => {
  const first = named("first").enter();
  const second = named("second").enter();
  const error = thrown(() => first[Symbol.dispose]());
  expect(error).toBeInstanceOf(EnterOrderError);
  expect(error.message).toContain("reverse order");
  second[Symbol.dispose]();
  first[Symbol.dispose]();
  expect(here()).toBe(undefined);
});

test("two guards of one runtime have an order too", () => {
  const rt = named("same");
  const first = rt.enter();
  const second = rt.enter();
  let error: unknown;
  try {
    first[Symbol.dispose]();
  } catch (caught) {
    error = caught;
  }
  // In whatever order they are taken, the thread is left clean for the next test.
  for (const guard of [second, first]) {
    try {
      guard[Symbol.dispose]();
    } catch {}
  }
  expect(error).toBeInstanceOf(EnterOrderError);
  expect(here()).toBe(undefined);
});

test("a guard disposed twice does nothing the second time", () => {
  const [first, second] = [named("first"), named("second")];
  const outer = first.enter();
  const guard = second.enter();
  guard[Symbol.dispose]();
  guard[Symbol.dispose]();
  expect(here()).toBe("first");
  outer[Symbol.dispose]();
});

test("a handle spawns from outside, and goes on meaning its runtime inside of others", async () => {
  const [first, second] = [named("first"), named("second")];
  const handle = first.handle();
  const spawned = second.blockOn(function* () {
    return handle.spawn(function* () {
      return Handle.current().name;
    });
  });
  expect(await settles(spawned)).toBe("first");
});

test.each([0, -1, 1.5, Number.NaN, 2 ** 40, Number.POSITIVE_INFINITY, "5", undefined])(
  "randomBelow refuses the bound %s",
  (bound) => {
    const error = thrown(() =>
      paused()
        .handle()
        .randomBelow(bound as never),
    );
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect((error as InvalidArgumentError).argument).toContain("randomBelow");
    expect((error as InvalidArgumentError).given).toBe(bound);
  },
);

test("randomBelow draws whole numbers below its bound, the same for the same seed", () => {
  const draw = (seed: number) => {
    const handle = paused((builder) => builder.rngSeed(seed)).handle();
    return Array.from({ length: 200 }, () => handle.randomBelow(10));
  };
  const first = draw(3);
  expect(first.every((value) => Number.isInteger(value) && value >= 0 && value < 10)).toBe(true);
  expect(new Set(first).size).toBe(10);
  expect(draw(3)).toEqual(first);
  expect(draw(4)).not.toEqual(first);
});
