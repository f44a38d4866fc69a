// StreamMap.

import { array, assert as check, constantFrom, oneof, property, record, tuple } from "fast-check";
import { Pending, spawn, yieldNow } from "tokiwa";
import { Builder } from "tokiwa/runtime";
import { Closed, iter, pending, StreamMap, StreamNotifyClose } from "tokiwa/stream";
import { describe, expect, test } from "vitest";
import { pollOnce } from "../support/tasks.js";
import { runPaused } from "../support/time.js";
import { Fed, fed, Polled, thrownBy } from "./support.js";

/** Runs under a seed, so that the random starts are the same each time. */
function seeded<T>(seed: number, fn: () => T): T {
  const runtime = Builder.newCurrentThread().enableAll().startPaused(true).rngSeed(seed).build();
  try {
    return runtime.blockOn(function* () {
      return fn();
    });
  } finally {
    runtime.shutdownBackground();
  }
}

describe("StreamMap", () => {
  test("empty has ended; insert brings it back to life", () => {
    const map = new StreamMap<string, number>();
    const polled = new Polled(map);
    expect([polled.next(), map.isEmpty(), map.len()]).toEqual([undefined, true, 0]);
    map.insert("a", fed(1));
    expect(polled.rest()).toEqual([["a", 1], "end"]);
    expect(map.isEmpty()).toBe(true);
  });

  test("items with their keys; a stream that has ended is dropped and its key is free", () => {
    const map = new StreamMap<string, number>();
    const a = new Fed(1);
    const b = new Fed<number>();
    map.insert("a", a);
    map.insert("b", b);
    const polled = new Polled(map);
    expect(polled.rest()).toEqual([["a", 1], "pending"]);
    b.push(2);
    expect(polled.wakes).toBe(1);
    expect(polled.next()).toEqual(["b", 2]);
    a.end();
    expect(polled.isPending()).toBe(true);
    expect([a.drops, map.containsKey("a"), [...map.keys()], [...map.values()]]).toEqual([
      1,
      false,
      ["b"],
      [b],
    ]);
  });

  test("insert on a key that is taken gives the old stream back, undropped", () => {
    const map = new StreamMap<string, number>();
    const old = new Fed(1);
    const next = new Fed(2);
    expect(map.insert("a", old)).toBe(undefined);
    expect(map.insert("a", next)).toBe(old);
    expect([old.drops, map.len(), map.get("a") === next]).toEqual([0, 1, true]);
    expect(new Polled(map).rest()).toEqual([["a", 2], "pending"]);
  });

  test("remove gives the stream back, undropped", () => {
    const map = new StreamMap<string, number>();
    const streams = ["a", "b", "c"].map((key) => [key, new Fed(0)] as const);
    for (const [key, stream] of streams) map.insert(key, stream);
    expect(map.remove("a")).toBe(streams[0]?.[1]);
    expect(map.remove("a")).toBe(undefined);
    expect(map.get("c")).toBe(streams[2]?.[1]);
    expect(map.remove("c")).toBe(streams[2]?.[1]);
    expect([[...map.keys()], streams[0]?.[1].drops]).toEqual([["b"], 0]);
  });

  test("keys, values and entries come in the order of insertion, whatever has gone; and while some go", () => {
    const map = new StreamMap<string, number>();
    const streams = new Map(["a", "b", "c", "d"].map((key) => [key, new Fed(0)] as const));
    for (const [key, stream] of streams) map.insert(key, stream);
    map.remove("a");
    streams.delete("a");
    expect([[...map.keys()], [...map.values()], [...map.entries()]]).toEqual([
      [...streams.keys()],
      [...streams.values()],
      [...streams],
    ]);
    const left: string[] = [];
    for (const [key] of map.entries()) {
      left.push(key);
      map.remove(key);
    }
    expect([left, map.isEmpty()]).toEqual([["b", "c", "d"], true]);
  });

  test("clear and dispose drop all of them", () => {
    const streams = [new Fed<number>(), new Fed<number>()];
    const map = new StreamMap<number, number>();
    for (const [key, stream] of streams.entries()) map.insert(key, stream);
    map.clear();
    expect(streams.map((stream) => stream.drops)).toEqual([1, 1]);
    map.insert(0, streams[0] as Fed<number>);
    map[Symbol.dispose]();
    expect([streams[0]?.drops, map.len()]).toEqual([2, 0]);
  });

  test("one who waits is woken when the map changes", () => {
    const map = new StreamMap<string, number>();
    map.insert("never", pending());
    const polled = new Polled(map);
    expect(polled.isPending()).toBe(true);
    map.insert("a", fed(1));
    expect(polled.wakes).toBe(1);
    expect(polled.next()).toEqual(["a", 1]);
    expect(polled.isPending()).toBe(true);
    map.remove("never");
    expect([polled.wakes, polled.next()]).toEqual([1, undefined]);
    map.insert("never", pending());
    expect(polled.isPending()).toBe(true);
    map.clear();
    expect([polled.wakes, polled.next()]).toEqual([1, undefined]);
  });

  test("a task that waits sees what another inserts", () => {
    const items = runPaused(function* () {
      const map = new StreamMap<string, number>();
      map.insert("never", pending());
      const reader = spawn(function* () {
        return yield* map.next();
      });
      yield* yieldNow();
      map.insert("a", iter([7]));
      return yield* reader;
    });
    expect(items).toEqual(["a", 7]);
  });

  test("an error drops all of them, and is thrown once", () => {
    const good = new Fed<number>();
    const map = new StreamMap<string, number>();
    map.insert("bad", new Fed<number>().fail(new Error("bad")));
    map.insert("good", good);
    const polled = new Polled(map);
    expect(() => polled.next()).toThrow("bad");
    expect([good.drops, polled.next()]).toEqual([1, undefined]);
  });

  test("fair: of streams that are always ready each comes about as often", () => {
    const counts = seeded(3, () => {
      const map = new StreamMap<number, number>();
      for (let key = 0; key < 4; key++) map.insert(key, iter(new Array(1_000).fill(key)));
      const polled = new Polled(map);
      const seen = [0, 0, 0, 0];
      for (let round = 0; round < 120; round++) {
        const [key] = polled.next() as [number, number];
        seen[key] = (seen[key] as number) + 1;
      }
      return seen;
    });
    for (const count of counts) expect(count).toBeGreaterThan(15);
  });

  test("StreamNotifyClose says which stream has ended", () => {
    const map = new StreamMap<string, number | Closed>();
    map.insert("a", new StreamNotifyClose(fed(1)));
    expect(new Polled(map).rest()).toEqual([["a", 1], ["a", Closed], "end"]);
  });
});

describe("nextMany", () => {
  test("takes what there is, up to the limit", () => {
    const map = new StreamMap<string, number>();
    const a = new Fed(1, 2, 3);
    map.insert("a", a);
    expect(pollOnce(map.nextMany(2))).toEqual([
      ["a", 1],
      ["a", 2],
    ]);
    expect(pollOnce(map.nextMany(2))).toEqual([["a", 3]]);
    const waiting = map.nextMany(2);
    expect(pollOnce(waiting)).toBe(Pending);
    a.push(4);
    expect(pollOnce(waiting)).toEqual([["a", 4]]);
    expect(() => pollOnce(waiting)).toThrow(/after completion/);
  });

  test("gives nothing at once for an empty map and for a limit of 0", () => {
    const map = new StreamMap<string, number>();
    expect(pollOnce(map.nextMany(5))).toEqual([]);
    const source = new Fed<number>();
    map.insert("a", source);
    expect([pollOnce(map.nextMany(0)), source.polls]).toEqual([[], 0]);
    expect(thrownBy(() => map.nextMany(-1))).toMatchObject({ argument: "nextMany(limit)" });
  });

  test("an error comes after what came before it", () => {
    const map = new StreamMap<string, number>();
    const source = new Fed(1, 2).fail(new Error("bad"));
    map.insert("a", source);
    expect(pollOnce(map.nextMany(9))).toEqual([
      ["a", 1],
      ["a", 2],
    ]);
    expect(() => pollOnce(map.nextMany(9))).toThrow("bad");
    expect([source.drops, pollOnce(map.nextMany(9))]).toEqual([1, []]);
  });
});

describe("property", () => {
  const keys = constantFrom("a", "b", "c", "d");
  const moves = array(
    oneof(
      record({ kind: constantFrom("insert", "remove", "end"), key: keys }),
      record({ kind: constantFrom("push"), key: keys }),
      record({ kind: constantFrom("poll", "many"), key: keys }),
    ),
    { maxLength: 80 },
  );

  test("as a plain map of queues: each stream in its order, nothing lost, ends when empty", () => {
    check(
      property(tuple(moves, constantFrom(1, 2, 3, 4)), ([script, seed]) => {
        seeded(seed, () => {
          const map = new StreamMap<string, number>();
          const polled = new Polled(map);
          const model = new Map<string, { fed: Fed<number>; queue: number[]; ended: boolean }>();
          let given = 0;
          const take = ([key, item]: [string, number]) => {
            expect(model.get(key)?.queue.shift()).toBe(item);
          };
          /** Streams that have ended and have nothing more are gone once they were asked. */
          const sweep = () => {
            for (const [key, { queue, ended }] of model)
              if (ended && queue.length === 0 && !map.containsKey(key)) model.delete(key);
          };
          for (const { kind, key } of script) {
            const entry = model.get(key);
            if (kind === "insert") {
              const stream = new Fed<number>();
              expect(map.insert(key, stream)).toBe(entry?.fed);
              model.set(key, { fed: stream, queue: [], ended: false });
            } else if (kind === "remove") {
              expect(map.remove(key)).toBe(entry?.fed);
              model.delete(key);
            } else if (kind === "end" && entry !== undefined && !entry.ended) {
              entry.fed.end();
              entry.ended = true;
            } else if (kind === "push" && entry !== undefined && !entry.ended) {
              given += 1;
              entry.fed.push(given);
              entry.queue.push(given);
            } else if (kind === "poll") {
              const item = polled.next();
              if (item === Pending || item === undefined) {
                for (const { queue } of model.values()) expect(queue).toEqual([]);
                sweep();
                expect(item === undefined).toBe(model.size === 0);
              } else take(item as [string, number]);
            } else if (kind === "many") {
              const items = map.pollNextMany({ waker: { wake() {} } as never }, 3);
              if (items !== Pending) for (const item of items) take(item);
            }
            sweep();
            expect([...map.keys()].sort()).toEqual([...model.keys()].sort());
          }
        });
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});
