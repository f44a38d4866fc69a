// Builder: every setting is checked at the call, and the error names it, what was given and what is allowed.

import { pending, ready } from "tokiwa";
import { Builder, InvalidArgumentError, Runtime } from "tokiwa/runtime";
import { DurationError } from "tokiwa/time";
import { expect, test } from "vitest";
import { thrown } from "../support/tasks.js";

type Setting = (builder: Builder, value: never) => unknown;

const BAD_COUNTS = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "5", undefined, null, 5n];

const counts: [string, Setting][] = [
  ["workerThreads", (builder, value) => builder.workerThreads(value)],
  ["maxBlockingThreads", (builder, value) => builder.maxBlockingThreads(value)],
  ["eventInterval", (builder, value) => builder.eventInterval(value)],
  ["globalQueueInterval", (builder, value) => builder.globalQueueInterval(value)],
  ["maxTasks", (builder, value) => builder.maxTasks(value)],
  ["maxTimers", (builder, value) => builder.maxTimers(value)],
  ["threadStackSize", (builder, value) => builder.threadStackSize(value)],
];

const names: [string, Setting][] = [
  ["name", (builder, value) => builder.name(value)],
  ["threadName", (builder, value) => builder.threadName(value)],
  ["preload", (builder, value) => builder.preload(value)],
];

const hooks: [string, Setting][] = [
  ["onThreadStart", (builder, value) => builder.onThreadStart(value)],
  ["onThreadStop", (builder, value) => builder.onThreadStop(value)],
  ["onThreadPark", (builder, value) => builder.onThreadPark(value)],
  ["onThreadUnpark", (builder, value) => builder.onThreadUnpark(value)],
  ["onTaskSpawn", (builder, value) => builder.onTaskSpawn(value)],
  ["onTaskTerminate", (builder, value) => builder.onTaskTerminate(value)],
];

const refused: [string, unknown, Setting][] = [
  ...counts.flatMap(([name, call]) =>
    BAD_COUNTS.map((value) => [name, value, call] as [string, unknown, Setting]),
  ),
  ...names.flatMap(([name, call]) =>
    ["", 5, null, {}].map((value) => [name, value, call] as [string, unknown, Setting]),
  ),
  ...hooks.flatMap(([name, call]) =>
    [undefined, null, 5, "f", {}].map((value) => [name, value, call] as [string, unknown, Setting]),
  ),
  ...[-1, 1.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY, "1", 1n, undefined].map(
    (value) =>
      ["rngSeed", value, (builder, given) => builder.rngSeed(given)] as [string, unknown, Setting],
  ),
  ...[1, "true", undefined, null].map(
    (value) =>
      ["startPaused", value, (builder, given) => builder.startPaused(given)] as [
        string,
        unknown,
        Setting,
      ],
  ),
  ...["shutdown", undefined, true].map(
    (value) =>
      ["unhandledPanic", value, (builder, given) => builder.unhandledPanic(given)] as [
        string,
        unknown,
        Setting,
      ],
  ),
];

test.each(refused)("%s refuses %s", (name, value, call) => {
  const error = thrown(() => call(Builder.newCurrentThread(), value as never));
  expect(error).toBeInstanceOf(InvalidArgumentError);
  const { argument, given, allowed, message } = error as InvalidArgumentError;
  expect(argument).toContain(name);
  expect(given).toBe(value);
  expect(allowed.length).toBeGreaterThan(0);
  expect(message).toContain(argument);
  expect(message).toContain(allowed);
});

test.each([
  ["workerThreads", 257],
  ["maxBlockingThreads", 4_097],
  ["maxTasks", 2 ** 31],
  ["maxTimers", 2 ** 31],
  ["threadStackSize", 1],
])("%s has bounds, and says which: %i is refused", (name, value) => {
  const call = counts.find(([setting]) => setting === name)?.[1] as Setting;
  const error = thrown(() => call(Builder.newCurrentThread(), value as never));
  expect(error).toBeInstanceOf(InvalidArgumentError);
  expect((error as InvalidArgumentError).allowed).toMatch(/\d+ to \d+/);
});

test.each([-1, Number.NaN, "5", null])("threadKeepAlive refuses %s as a duration", (value) => {
  const error = thrown(() => Builder.newCurrentThread().threadKeepAlive(value as never));
  expect(error).toBeInstanceOf(DurationError);
  expect((error as DurationError).argument).toContain("threadKeepAlive");
  expect((error as DurationError).given).toBe(value);
});

test("a setting that was refused leaves the builder as it was", () => {
  const builder = Builder.newCurrentThread().enableAll().name("kept");
  thrown(() => builder.name(""));
  thrown(() => builder.eventInterval(0));
  expect(builder.build().handle().name).toBe("kept");
});

test("every setting returns the builder, and all of them together build a runtime", () => {
  const builder = Builder.newCurrentThread();
  const noop = () => {};
  const returned = [
    builder.enableIo(),
    builder.enableTime(),
    builder.enableAll(),
    builder.name("all"),
    builder.workerThreads(4),
    builder.maxBlockingThreads(512),
    builder.threadKeepAlive(10_000),
    builder.threadName("my-worker"),
    builder.threadStackSize(3 * 1024 * 1024),
    builder.onThreadStart(noop),
    builder.onThreadStop(noop),
    builder.onThreadPark(noop),
    builder.onThreadUnpark(noop),
    builder.onTaskSpawn(noop),
    builder.onTaskTerminate(noop),
    builder.eventInterval(61),
    builder.globalQueueInterval(31),
    builder.disableLifoSlot(),
    builder.rngSeed(42),
    builder.startPaused(true),
    builder.unhandledPanic("ignore"),
    builder.preload(import.meta.url),
    builder.maxTasks(1_000),
    builder.maxTimers(1_000),
    builder.trackSpawnSites(),
    builder.trace(),
  ];
  for (const value of returned) expect(value).toBe(builder);
  const rt = builder.build();
  expect(rt).toBeInstanceOf(Runtime);
  expect(rt.blockOn(ready(1))).toBe(1);
});

test("one builder builds several runtimes that share nothing", () => {
  const builder = Builder.newCurrentThread().enableAll().startPaused(true);
  const [first, second] = [builder.build(), builder.build()];
  first.spawn(pending());
  expect([first, second].map((rt) => rt.metrics().numAliveTasks())).toEqual([1, 0]);
});

test("settings made after build do not reach the runtime that was built", () => {
  const spawned: number[] = [];
  const builder = Builder.newCurrentThread().name("before");
  const rt = builder.build();
  builder.name("after").onTaskSpawn(({ id }) => spawned.push(id));
  rt.spawn(ready(1));
  expect(rt.handle().name).toBe("before");
  expect(spawned).toEqual([]);
});

test("a builder cannot be made by new, as far as the compiler is asked", () => {
  // @ts-expect-error the constructor is private
  expect(() => new Builder()).not.toThrow();
});
