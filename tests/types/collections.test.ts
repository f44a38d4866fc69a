// What the compiler makes of JoinSet, JoinMap, JoinQueue, TaskTracker, scope and taskLocal.

import { type AsyncContext, type Future, future, type JoinHandle, sendable, sleep } from "tokiwa";
import { type Handle, Runtime } from "tokiwa/runtime";
import { TaskTracker } from "tokiwa/sync";
import {
  type AbortHandle,
  AbortOnDropHandle,
  JoinMap,
  JoinQueue,
  JoinSet,
  scope,
  taskLocal,
} from "tokiwa/task";
import { expectTypeOf, test } from "vitest";

function* worker(value: number, name: string) {
  yield* sleep(1);
  return `${value} ${name}`;
}

async function plain(value: number) {
  return `${value}`;
}

const resize = sendable(import.meta.url, "resize", function* (width: number) {
  yield* sleep(1);
  return `${width}`;
});
const resizePlain = sendable(import.meta.url, "resizePlain", (width: number) => `${width}`);
const resizeAsync = sendable(import.meta.url, "resizeAsync", async (width: number) => `${width}`);

declare const handle: Handle;

test("JoinSet", () => {
  void function* () {
    const set = new JoinSet<string>();
    expectTypeOf(set.spawn(worker, 1, "a")).toEqualTypeOf<AbortHandle>();
    set.spawn(worker(1, "a"));
    set.spawn(future(worker, 1, "a"));
    set.spawn(async () => "a");
    set.spawn(async ({ signal }) => `${signal.aborted}`);
    set.spawn(async (value: number, { signal }: AsyncContext) => `${value} ${signal.aborted}`, 1);
    set.spawn(plain, 1);
    set.spawnOn(handle, plain, 1);
    // @ts-expect-error an argument of another type
    set.spawn(plain, "1");
    set.spawn(resize, 1);
    set.spawn(resizePlain, 1);
    set.spawn(resizeAsync, 1);
    set.spawnOn(handle, worker, 1, "a");
    set.spawnOn(Runtime.prototype, worker, 1, "a");
    set.spawnBlocking(resizePlain, 1);
    set.buildTask({ name: "a" }).spawn(worker, 1, "a");
    // @ts-expect-error another value
    set.spawn(function* () {
      yield* sleep(1);
      return 1;
    });
    // @ts-expect-error an argument of another type
    set.spawn(worker, "1", "a");
    // @ts-expect-error an argument too few
    set.spawn(worker, 1);
    // @ts-expect-error an argument of another type
    set.spawn(resize, "1");
    // @ts-expect-error not sendable
    set.spawnBlocking(worker, 1, "a");
    // @ts-expect-error no handle
    set.spawnOn(worker, 1, "a");

    const next = yield* set.joinNext();
    if (next === undefined) return;
    expectTypeOf(next.id).toEqualTypeOf<number>();
    if (next.error !== undefined) expectTypeOf(next.error.isPanic).toEqualTypeOf<boolean>();
    else expectTypeOf(next.value).toEqualTypeOf<string>();
    if ("error" in next) expectTypeOf(next.error?.isPanic).toEqualTypeOf<boolean | undefined>();
    else expectTypeOf(next.value).toEqualTypeOf<string>();
    expectTypeOf(set.joinAll()).toEqualTypeOf<Future<string[]>>();
    expectTypeOf(yield* new JoinQueue<number>().joinAll()).toEqualTypeOf<number[]>();
  };
});

test("JoinMap", () => {
  void function* () {
    const map = new JoinMap<"a" | "b", string>();
    map.spawn("a", worker, 1, "a");
    map.spawn("b", resize, 1);
    map.spawn("a", plain, 1);
    map.spawnOn(handle, "a", worker, 1, "a");
    map.spawnBlocking("a", resizePlain, 1);
    // @ts-expect-error another key
    map.spawn("c", worker, 1, "a");
    // @ts-expect-error no key
    map.spawn(worker, 1, "a");
    const next = yield* map.joinNext();
    if (next === undefined) return;
    expectTypeOf(next.key).toEqualTypeOf<"a" | "b">();
    if (next.error === undefined) expectTypeOf(next.value).toEqualTypeOf<string>();
  };
});

test("TaskTracker", () => {
  void (() => {
    const tracker = new TaskTracker();
    expectTypeOf(tracker.spawn(worker, 1, "a")).toEqualTypeOf<JoinHandle<string>>();
    expectTypeOf(tracker.spawn(plain, 1)).toEqualTypeOf<JoinHandle<string>>();
    expectTypeOf(tracker.spawnOn(handle, plain, 1)).toEqualTypeOf<JoinHandle<string>>();
    expectTypeOf(tracker.spawn(resize, 1)).toEqualTypeOf<JoinHandle<string>>();
    expectTypeOf(tracker.spawnOn(handle, worker, 1, "a")).toEqualTypeOf<JoinHandle<string>>();
    expectTypeOf(tracker.spawnBlocking(resizePlain, 1)).toEqualTypeOf<JoinHandle<string>>();
    expectTypeOf(tracker.trackFuture(worker(1, "a"))).toEqualTypeOf<Future<string>>();
    expectTypeOf(new AbortOnDropHandle(tracker.spawn(worker, 1, "a"))).toEqualTypeOf<
      AbortOnDropHandle<string>
    >();
  });
});

test("scope", () => {
  void function* () {
    const value = yield* scope(function* (s) {
      const a = s.spawn(worker, 1, "a");
      const b = s.spawn(resize, 1);
      s.spawn(plain, 1);
      const c = s.spawnBlocking(resizePlain, 1);
      const d = s.buildTask({ name: "d" }).spawn(worker, 1, "a");
      // @ts-expect-error an argument of another type
      s.spawn(worker, "1", "a");
      return [yield* a, yield* b, yield* c, yield* d].length;
    });
    expectTypeOf(value).toEqualTypeOf<number>();
    const other = yield* scope(async (s, { signal }) => {
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
      return await s.spawn(worker, 1, "a");
    });
    expectTypeOf(other).toEqualTypeOf<string>();
  };
});

test("taskLocal", () => {
  void function* () {
    const key = taskLocal<number>("key");
    expectTypeOf(yield* key.scope(1, worker(1, "a"))).toEqualTypeOf<string>();
    expectTypeOf(key.syncScope(1, () => "a")).toEqualTypeOf<string>();
    expectTypeOf(key.get()).toEqualTypeOf<number>();
    expectTypeOf(key.tryGet()).toEqualTypeOf<number | undefined>();
    // @ts-expect-error another value
    key.scope("a", worker(1, "a"));
  };
});
