// Notify, Barrier, OnceCell and SetOnce under random scripts, cancellations and aborts: no notification is lost, rounds do not mix,
// one value is set, and nobody is left waiting.

import fc from "fast-check";
import { yieldNow } from "tokiwa";
import { expect } from "vitest";
import { comesAndGoes, consumes, initializes, meets, produces, setsOrWaits } from "./actors.mjs";
import { aborting, casts, patience, property, scripts } from "./stages.js";

property(
  "Notify",
  fc.record({
    producers: casts(["one", "one", "last", "all", "pause"], { most: 3, steps: 12 }),
    consumers: casts(["wait", "wait", "late", "once", "atMost", "leave"], { most: 6 }),
    aborts: aborting,
  }),
  function* (stage, { producers, consumers, aborts }) {
    const notify = stage.form.notify();
    // The last consumer stays to the end; the others may be aborted.
    const handles = consumers.map((script, index) =>
      stage.start(consumes, { notify }, { script, stays: index === consumers.length - 1 }),
    );
    const put = producers.map((script) => stage.start(produces, { notify }, { script }));
    yield* stage.aborts(aborts.filter(({ actor }) => actor < consumers.length - 1));
    for (const handle of put) yield* handle;
    const items = producers.flat().filter(({ op }) => op !== "pause").length * stage.repeat;
    // Nobody has to notify again for what was put: it is taken.
    const isTooLong = patience();
    while ((stage.words[1] as number) < items) {
      if (isTooLong() || handles.at(-1)?.isFinished())
        throw new Error(`only ${stage.words[1]} of ${items} items were taken`);
      yield* yieldNow();
    }
    stage.words[2] = 1;
    notify.notifyWaiters();
    // One consumer may stand before its wait, having looked before that.
    notify.notifyOne();
    yield* stage.ends();
    expect(stage.words.slice(0, 2)).toEqual(Int32Array.of(0, items));
  },
);

property(
  "Barrier",
  fc.record({
    count: fc.integer({ min: 1, max: 6 }),
    rounds: fc.integer({ min: 1, max: 8 }),
    pauses: scripts(["meet"], 40),
  }),
  function* (stage, { count, rounds, pauses }) {
    const barrier = stage.form.barrier(count);
    for (let actor = 0; actor < count; actor++) {
      const script = Array.from(
        { length: rounds },
        (_, round) => pauses[(actor * rounds + round) % pauses.length],
      );
      stage.start(
        meets,
        { barrier },
        { script: script as { op: string; n: number }[], count, repeat: 1 },
      );
    }
    const early = yield* stage.ends();
    expect(early).toEqual(early.map(() => 0));
    for (let round = 0; round < rounds; round++)
      expect([stage.words[2 * round], stage.words[2 * round + 1]], `round ${round}`).toEqual([
        count,
        1,
      ]);
  },
);

property(
  "Barrier, of which some give up",
  fc.record({
    count: fc.integer({ min: 2, max: 8 }),
    scripts: casts(["meet", "once", "atMost", "pause"], { least: 2, most: 8, steps: 4 }),
    aborts: aborting,
  }),
  function* (stage, { count, scripts, aborts }) {
    const barrier = stage.form.barrier(count);
    const handles = scripts.map((script) => stage.start(comesAndGoes, { barrier }, { script }));
    yield* stage.aborts(aborts);
    const comes = { script: [{ op: "once", n: 0 }], repeat: 1, index: 0 };
    const isTooLong = patience();
    while (!handles.every((handle) => handle.isFinished())) {
      if (isTooLong()) throw new Error(`they still wait: ${stage.words.slice(0, 2)}`);
      yield* comesAndGoes({ barrier }, comes);
      yield* yieldNow();
    }
    yield* stage.ends();
    // Who has given up has come: every so many are a round, with one leader.
    while ((stage.words[0] as number) % count !== 0) yield* comesAndGoes({ barrier }, comes);
    const [arrived, leaders] = stage.words as unknown as [number, number];
    expect(leaders).toBe(arrived / count);
  },
);

property(
  "OnceCell",
  fc.record({
    scripts: casts(["init", "fail", "fail", "once", "atMost"], { least: 2, most: 7, steps: 4 }),
    aborts: aborting,
  }),
  function* (stage, { scripts, aborts }) {
    const cell = stage.form.onceCell<{ id: number }>();
    for (const [id, script] of scripts.entries())
      stage.start(initializes, { cell }, { id, script });
    const results = yield* stage.ends(aborts);
    const [inside, violations, successes] = stage.words;
    const value = cell.get();
    expect([inside, violations, successes]).toEqual([0, 0, value === undefined ? 0 : 1]);
    for (const seen of results.flat()) if (seen !== undefined) expect(seen).toEqual(value);
    // Nobody is left with the turn.
    const last = yield* cell.getOrInit(() => ({ id: -1 }));
    expect(last).toEqual(value ?? { id: -1 });
  },
);

property(
  "SetOnce",
  fc.record({
    scripts: casts(["set", "once", "atMost", "pause"], { least: 2, most: 7, steps: 4 }),
    aborts: aborting,
  }),
  function* (stage, { scripts, aborts }) {
    const cell = stage.form.setOnce<{ id: number }>();
    for (const [id, script] of scripts.entries())
      stage.start(setsOrWaits, { cell }, { id, script });
    stage.start(setsOrWaits, { cell }, { id: scripts.length, script: [{ op: "set", n: 0 }] });
    const results = yield* stage.ends(aborts.filter(({ actor }) => actor < scripts.length));
    expect(stage.words[2]).toBe(1);
    const value = cell.get();
    expect(value).toBeDefined();
    for (const seen of results.flat()) if (seen !== undefined) expect(seen).toEqual(value);
  },
);
