// The task dump: what is pending, what it is, and since how many polls.

import { Future, Pending, type Poll, pending, sleep, spawn, yieldNow } from "tokiwa";
import { JoinMap, JoinQueue, JoinSet, scope, TaskTracker, taskBuilder } from "tokiwa/task";
import { expect, test } from "vitest";
import { Probe, paused } from "../support/tasks.js";

function* waits() {
  yield* pending();
}

class Handwritten extends Future<never> {
  poll(): Poll<never> {
    return Pending;
  }
}

test("an empty runtime has an empty dump", () => {
  expect(paused().dump()).toEqual([]);
});

test("lists the tasks that have not ended, by id", () => {
  const rt = paused();
  rt.spawn(waits);
  rt.spawn(sleep(1));
  rt.spawn(waits);
  rt.blockOn(sleep(5));
  expect(rt.dump().map((task) => task.id)).toEqual([1, 3]);
});

test("says which function or future a task runs", async () => {
  const rt = paused();
  rt.spawn(waits);
  rt.spawn(new Handwritten());
  rt.spawn(async function fetches() {
    await pending();
  });
  rt.spawn((() => function* () {})());
  expect(rt.dump().map((task) => task.fn)).toEqual(["waits", "Handwritten", "fetches", ""]);
});

test("says the state of each: ready, running, waiting, ending", () => {
  const rt = paused();
  const states = rt.blockOn(function* () {
    const waiting = spawn(waits);
    const ending = spawn(waits);
    yield* yieldNow();
    const ready = spawn(waits);
    ending.abort();
    const byId = new Map(rt.dump().map((task) => [task.id, task.state]));
    return [1, waiting.id, ending.id, ready.id].map((id) => byId.get(id));
  });
  expect(states).toEqual(["running", "waiting", "ending", "ready"]);
});

test("counts the polls of each", () => {
  const rt = paused();
  const probe = new Probe();
  const handle = rt.spawn(probe);
  const polls = () => rt.dump().find((task) => task.id === handle.id)?.polls;
  expect(polls()).toBe(0);
  rt.blockOn(yieldNow());
  expect(polls()).toBe(1);
  for (let wake = 0; wake < 3; wake++) {
    probe.waker?.wake();
    rt.blockOn(yieldNow());
  }
  expect(polls()).toBe(4);
});

test("has the names given by taskBuilder", () => {
  const rt = paused();
  using _entered = rt.enter();
  taskBuilder({ name: "resizer" }).spawn(waits);
  expect(rt.dump()).toMatchObject([{ id: 1, name: "resizer", fn: "waits", polls: 0 }]);
});

test("has no spawn site unless they are tracked", () => {
  const rt = paused();
  rt.spawn(waits);
  expect(rt.dump()[0]?.site).toBe(undefined);
});

test("with trackSpawnSites it has the place of the spawn, whichever call made it", () => {
  const rt = paused((builder) => builder.trackSpawnSites());
  function spawnsHere() {
    return rt.spawn(waits);
  }
  spawnsHere();
  rt.handle().spawn(waits);
  {
    using _entered = rt.enter();
    spawn(waits);
    taskBuilder({ name: "named" }).spawn(waits);
  }
  const sites = rt.dump().map((task) => task.site ?? "");
  expect(sites).toHaveLength(4);
  for (const site of sites) {
    expect(site).toContain("dump.test");
    expect(site.trim().split("\n")[0]).toContain("dump.test");
  }
  expect(sites[0]).toContain("spawnsHere");
});

test("so do those of collections, trackers and scopes, whichever of their calls it was", () => {
  const rt = paused((builder) => builder.trackSpawnSites());
  rt.blockOn(function* () {
    const [set, queue, map, tracker] = [
      new JoinSet<void>(),
      new JoinQueue<void>(),
      new JoinMap<string, void>(),
      new TaskTracker(),
    ];
    yield* scope(function* (s) {
      const handle = rt.handle();
      set.spawn(waits);
      set.spawnOn(handle, waits);
      set.buildTask({ name: "named" }).spawn(waits);
      queue.spawn(waits);
      queue.spawnOn(handle, waits);
      map.spawn("a", waits);
      map.spawnOn(handle, "b", waits);
      tracker.spawn(waits).abort();
      tracker.spawnOn(handle, waits).abort();
      s.spawn(waits);
      s.buildTask({ name: "named" }).spawn(waits);
      const sites = rt.dump().filter(({ fn }) => fn === "waits");
      expect(sites).toHaveLength(11);
      for (const { site } of sites) expect(site?.trim().split("\n")[0]).toContain("dump.test");
      s.abortAll();
      set.abortAll();
      queue.abortAll();
      map.abortAll();
    });
  });
});

test("a spawn site names the function that spawns, whatever it is called", () => {
  const rt = paused((builder) => builder.trackSpawnSites());
  function spawnWorkers() {
    rt.spawn(waits);
  }
  spawnWorkers();
  expect(rt.dump()[0]?.site).toContain("spawnWorkers");
});

test("Handle.dump gives the same as Runtime.dump", () => {
  const rt = paused();
  rt.spawn(waits);
  expect(rt.handle().dump()).toEqual(rt.dump());
});

test("is a copy: what runs later does not change it", () => {
  const rt = paused();
  const handle = rt.spawn(waits);
  const before = rt.dump();
  handle.abort();
  rt.blockOn(yieldNow());
  expect(before).toMatchObject([{ id: 1, state: "ready" }]);
  expect(rt.dump()).toEqual([]);
});
