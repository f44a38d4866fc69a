// mpsc, oneshot, broadcast and watch under random scripts, cancellations, aborts and closes: no value is lost, none comes twice,
// each sender's values come in its order.

import fc from "fast-check";
import { expect } from "vitest";
import {
  answers,
  asks,
  broadcasts,
  listens,
  pushes,
  receives,
  sends,
  sets,
  watches,
} from "./actors.mjs";
import { aborting, casts, property, type Stage, scripts } from "./stages.js";

type Value = readonly [sender: number, index: number];

interface Received {
  readonly values: Value[];
  readonly capacity: number | undefined;
  readonly length: number;
}

/** What came of each sender is 0, 1, 2 … up to what it has sent, or a part of that from the beginning. */
function checkReceived(
  stage: Stage,
  senders: number,
  { values }: Received,
  complete: boolean,
): void {
  for (let id = 0; id < senders; id++) {
    const came = values.filter(([sender]) => sender === id).map(([, index]) => index);
    expect(came, `of sender ${id}`).toEqual(came.map((_, index) => index));
    const sent = stage.words[id] as number;
    if (complete) expect(came.length, `of sender ${id}`).toBe(sent);
    else expect(came.length, `of sender ${id}`).toBeLessThanOrEqual(sent);
  }
}

property(
  "mpsc, bounded",
  fc.record({
    capacity: fc.integer({ min: 1, max: 5 }),
    senders: casts([
      "send",
      "send",
      "trySend",
      "once",
      "atMost",
      "reserve",
      "giveBack",
      "reserveMany",
      "reserveOwned",
      "clone",
      "pause",
    ]),
    receiver: scripts(
      ["recv", "recv", "recvMany", "tryRecv", "once", "atMost", "manyAtMost", "pause"],
      12,
    ),
    end: fc.constantFrom("all", "all", "close", "drop"),
    aborts: aborting,
  }),
  function* (stage, { capacity, senders, receiver, end, aborts }) {
    const [tx, rx] = stage.form.mpsc<Value>(capacity);
    for (const [id, script] of senders.entries())
      stage.give(sends, { tx: tx.clone() }, { id, script });
    tx.close();
    const script = end === "close" ? [...receiver, { op: "close", n: 0 }] : receiver;
    stage.give(receives, { rx }, { script, drops: end === "drop" });
    const results = yield* stage.ends(aborts);
    const received = results.at(-1) as Received | undefined;
    if (received === undefined) return;
    checkReceived(stage, senders.length, received, end !== "drop");
    if (end !== "drop") expect([received.capacity, received.length]).toEqual([capacity, 0]);
  },
);

property(
  "mpsc, unbounded",
  fc.record({
    senders: casts(["send", "send", "send", "pause"], { steps: 20 }),
    receiver: scripts(["recv", "recvMany", "tryRecv", "once", "atMost", "pause"], 12),
    end: fc.constantFrom("all", "close", "drop"),
    aborts: aborting,
  }),
  function* (stage, { senders, receiver, end, aborts }) {
    const [tx, rx] = stage.form.unbounded<Value>();
    for (const [id, script] of senders.entries())
      stage.give(pushes, { tx: tx.clone() }, { id, script });
    tx.close();
    const script = end === "close" ? [...receiver, { op: "close", n: 0 }] : receiver;
    stage.give(receives, { rx }, { script, drops: end === "drop" });
    const received = (yield* stage.ends(aborts)).at(-1) as Received | undefined;
    if (received !== undefined) checkReceived(stage, senders.length, received, end !== "drop");
  },
);

property(
  "oneshot",
  fc.record({
    count: fc.integer({ min: 1, max: 20 }),
    sender: scripts(["send", "send", "late", "drop", "closed"]),
    receiver: scripts(["recv", "recv", "late", "drop", "close"]),
    aborts: aborting,
  }),
  function* (stage, { count, sender, receiver, aborts }) {
    const pairs = Array.from({ length: count }, () => stage.form.oneshot<number>());
    stage.give(asks, { receivers: pairs.map(([, rx]) => rx) }, { script: receiver });
    stage.give(answers, { senders: pairs.map(([tx]) => tx) }, { script: sender });
    const [asked] = (yield* stage.ends(aborts)) as [unknown[] | undefined];
    for (const [index, came] of (asked ?? []).entries()) {
      if (came === "dropped") continue;
      // Who has sent is heard, and nobody else.
      const sent = stage.words[index] === 1;
      expect(came, `of sender ${index}: ${sent}`).toBe(sent ? index : "nothing");
    }
  },
);

property(
  "broadcast",
  fc.record({
    capacity: fc.integer({ min: 1, max: 8 }),
    senders: casts(["send", "send", "send", "pause"], { most: 4, steps: 12 }),
    receivers: casts(["recv", "recv", "recv", "tryRecv", "once", "atMost", "pause", "leave"], {
      most: 4,
    }),
    aborts: aborting,
  }),
  function* (stage, { capacity, senders, receivers, aborts }) {
    const [tx, rx] = stage.form.broadcast<Value>(capacity);
    const all = [rx, ...receivers.slice(1).map(() => tx.subscribe())];
    for (const [id, script] of senders.entries())
      stage.give(broadcasts, { tx: tx.clone() }, { id, script });
    tx.close();
    // The first stays to the end, so that sending is not refused.
    for (const [index, script] of receivers.entries()) {
      const stays = script.map(({ op, n }) => ({ op: op === "leave" ? "pause" : op, n }));
      const given = { script: index === 0 ? stays : script };
      stage.give(listens, { rx: all[index] as Disposable }, given);
    }
    const count = senders.length + receivers.length;
    const results = yield* stage.ends(
      aborts.filter(({ actor }) => actor % count !== senders.length),
    );
    expect(results[senders.length]).toBeDefined();
    const sent = senders.reduce((sum, _, id) => sum + (stage.words[id] as number), 0);
    for (const listened of results.slice(senders.length)) {
      if (listened === undefined) continue;
      const { values, skipped } = listened as { values: Value[]; skipped: number };
      expect(values.length + skipped).toBe(sent);
      for (let id = 0; id < senders.length; id++) {
        const came = values.filter(([sender]) => sender === id).map(([, index]) => index);
        expect(came).toEqual([...new Set(came)].sort((a, b) => a - b));
      }
    }
  },
);

property(
  "watch",
  fc.record({
    senders: casts(["send", "modify", "ifModified", "replace", "pause"], { most: 4, steps: 12 }),
    receivers: casts(["changed", "changed", "once", "atMost", "waitFor", "pause", "leave"], {
      most: 4,
    }),
    aborts: aborting,
  }),
  function* (stage, { senders, receivers, aborts }) {
    const [tx, rx] = stage.form.watch<Value>([-1, 0]);
    const all = [rx, ...receivers.slice(1).map(() => tx.subscribe())];
    // One that stays, so that sending cannot be refused, and sees what is last.
    const last = tx.subscribe();
    for (const [id, script] of senders.entries())
      stage.give(sets, { tx: tx.clone() }, { id, script });
    tx.close();
    for (const [index, script] of receivers.entries())
      stage.give(watches, { rx: all[index] as Disposable }, { script });
    const results = yield* stage.ends(aborts);
    const final = last.borrow();
    last[Symbol.dispose]();
    if (final[0] >= 0) expect(final[1]).toBe(stage.words[final[0]]);
    for (const watched of results.slice(senders.length)) {
      if (watched === undefined) continue;
      const seen = watched as Value[];
      expect(seen.at(-1)).toEqual(final);
      for (let id = 0; id < senders.length; id++) {
        const came = seen.filter(([sender]) => sender === id).map(([, index]) => index);
        expect(came).toEqual([...came].sort((a, b) => a - b));
      }
    }
  },
);
