// Every handle of a shared primitive on every way to another thread: as an argument, as a result, within other values, as a
// message. What there is one of moves, what there may be several of is copied, and a send that fails changes neither. One that is dropped
// disposes of what there is one of.

import { type JoinHandle, Pending, Waker } from "tokiwa";
import { Builder, type Runtime } from "tokiwa/runtime";
import { broadcast, Mutex, mpsc, OnceCell, oneshot, RwLock, SetOnce, watch } from "tokiwa/sync";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rejection, settles, thrown } from "../support/tasks.js";
import { dismiss, LONG, sharedWords, unmanned } from "./crew.js";
import * as kinds from "./fixtures/sync-kinds.mjs";
import { inside, isClosed, KINDS, type Kind, type Made } from "./sync-kinds.js";

let rt: Runtime;
let other: Runtime;
let single: Runtime;
beforeAll(() => {
  rt = unmanned(2);
  other = unmanned(1);
  single = Builder.newCurrentThread().enableAll().build();
});
afterAll(async () => {
  await Promise.all([dismiss(rt), dismiss(other), single.shutdown()]);
});

/** Where the primitives are made that the tasks of `rt` use. */
const HOMES: [string, () => Runtime | undefined][] = [
  ["the runtime", () => rt],
  ["another runtime", () => other],
  ["a current_thread runtime", () => single],
  ["no runtime", () => undefined],
];

type Send = (name: string, kind: Kind, made: Made) => PromiseLike<unknown> | unknown;

function here(name: string, handle: unknown): Promise<unknown> {
  return rt.run(() => kinds.EXERCISES[name](handle));
}

/** The handle is put into something that goes along. */
function through(way: string, carry: (value: { handle: object }) => [object, unknown?]): Send {
  return (name, _, made) => {
    const [carrier] = carry({ handle: made.handle });
    return rt.spawn(kinds.exerciseFrom, name, way, carrier);
  };
}

const WAYS: Record<string, Send> = {
  "an argument": (name, _, { handle }) => rt.spawn(kinds.exercise, name, handle),
  "within an argument": (name, _, { handle }) =>
    rt.spawn(kinds.exerciseNested, name, { map: new Map([["key", { list: [0, { handle }] }]]) }),
  "an argument beside what needs a port": (name, _, { handle }) =>
    rt.spawn(kinds.exerciseByPort, name, handle, sharedWords(1)),
  // In a coroutine: what is awaited and is itself a future, as a oneshot receiver, is awaited too.
  "a result": (name, made_, made) => {
    // A function that returns a future gives what that gives; so a oneshot's receiver, which is one, needs a box.
    if (name === "oneshot.Receiver") return (WAYS["within a result"] as Send)(name, made_, made);
    const { handle } = made;
    const echoed = rt.spawn(kinds.echo, handle);
    return rt.run(function* () {
      const received = yield* echoed;
      return yield* kinds.EXERCISES[name](received);
    });
  },
  "within a result": async (name, _, { handle }) => {
    const [box] = (await settles(rt.spawn(kinds.echo, [{ handle }]), LONG)) as [{ handle: object }];
    return here(name, box.handle);
  },
  "a message": through("channel", (value) => {
    const [sender, receiver] = mpsc.shared<object>(1);
    sender.trySend(value);
    return [receiver];
  }),
  "a message without bound": through("channel", (value) => {
    const [sender, receiver] = mpsc.sharedUnbounded<object>();
    sender.send(value);
    return [receiver];
  }),
  "a message by a permit": through("channel", (value) => {
    const [sender, receiver] = mpsc.shared<object>(2);
    sender.tryReserve().send(value);
    return [receiver];
  }),
  "the value of a oneshot": through("oneshot", (value) => {
    const [sender, receiver] = oneshot.shared<object>();
    sender.send(value);
    return [receiver];
  }),
  "a broadcast": through("broadcast", (value) => {
    const [sender, receiver] = broadcast.shared<object>(1);
    sender.send(value);
    return [receiver];
  }),
  "the first value of a watch": through("watch", (value) => {
    const [, receiver] = watch.shared<object>(value);
    return [receiver];
  }),
  "a later value of a watch": through("watch", (value) => {
    const [sender, receiver] = watch.shared<object | undefined>(undefined);
    sender.send(value);
    return [receiver];
  }),
  "the value of a Mutex": through("mutex", (value) => [Mutex.shared(value)]),
  "the value of a RwLock": through("rwlock", (value) => [RwLock.shared(value)]),
  "the value of a SetOnce": through("setOnce", (value) => {
    const cell = SetOnce.shared<object>();
    cell.set(value);
    return [cell];
  }),
  "the value of a OnceCell": through("onceCell", (value) => {
    const cell = OnceCell.shared<object>();
    cell.set(value);
    return [cell];
  }),
};

describe.each(HOMES)("made in %s", (_, home) => {
  describe.each(Object.entries(WAYS))("sent as %s", (_, send) => {
    test.each(Object.entries(KINDS))("%s", async (name, kind) => {
      const made = inside(home(), () => kind.make());
      const result = inside(home(), () => send(name, kind, made)) as PromiseLike<unknown>;
      const moved = isClosed(kind, made.handle);
      const meanwhile = made.meanwhile?.();
      await made.verify(await settles(result, LONG));
      await meanwhile;
      expect(moved).toBe(kind.isUnique);
    });
  });

  test.each(Object.entries(KINDS))(
    "%s through a channel that is full at first",
    async (name, kind) => {
      const made = inside(home(), () => kind.make());
      const [sender, receiver] = inside(home(), () => mpsc.shared<object>(1));
      sender.trySend({});
      const sent = settles(sender.send({ handle: made.handle }), LONG);
      expect(await settles(receiver.recv())).toEqual({});
      await sent;
      const result = rt.spawn(kinds.exerciseFrom, name, "channel", receiver);
      const meanwhile = made.meanwhile?.();
      await made.verify(await settles(result as JoinHandle<unknown>, LONG));
      await meanwhile;
    },
  );
});

/** Sends of a handle that fail. */
const FAILURES: Record<string, (handle: object) => unknown> = {
  "an argument beside what cannot be sent": (handle) =>
    thrown(() => rt.spawn(kinds.echo, handle, () => {})),
  "an argument after what cannot be sent": (handle) =>
    thrown(() => rt.spawn(kinds.echo, Symbol("no"), handle)),
  "an argument within what cannot be sent": (handle) =>
    thrown(() => rt.spawn(kinds.echo, [{ handle, no: () => {} }])),
  "an argument beside a port that cannot be sent": (handle) =>
    thrown(() => rt.spawn(kinds.echo, handle, sharedWords(1), () => {})),
  "a message beside what cannot be sent": (handle) => {
    const [sender, receiver] = mpsc.shared<unknown>(1);
    const error = thrown(() => sender.trySend([handle, () => {}]));
    receiver[Symbol.dispose]();
    return error;
  },
  "a message beside what needs a port": (handle) => {
    const [sender, receiver] = mpsc.shared<unknown>(1);
    const error = thrown(() => sender.trySend([handle, sharedWords(1)]));
    receiver[Symbol.dispose]();
    return error;
  },
  "a message to a full channel": (handle) => {
    const [sender, receiver] = mpsc.shared<unknown>(1);
    sender.trySend(1);
    const error = thrown(() => sender.trySend(handle));
    receiver[Symbol.dispose]();
    return error;
  },
  "a message to a closed channel": (handle) => {
    const [sender, receiver] = mpsc.shared<unknown>(1);
    receiver.close();
    return thrown(() => sender.trySend({ handle }));
  },
  "a message to a closed channel without bound": (handle) => {
    const [sender, receiver] = mpsc.sharedUnbounded<unknown>();
    receiver.close();
    return thrown(() => sender.send({ handle }));
  },
  "a message to a closed channel that waits": (handle) => {
    const [sender, receiver] = mpsc.shared<unknown>(1);
    receiver.close();
    return settles(rejection(sender.send({ handle })));
  },
  "a oneshot to nobody": (handle) => {
    const [sender, receiver] = oneshot.shared<unknown>();
    receiver.close();
    return thrown(() => sender.send({ handle }));
  },
  "a broadcast to nobody": (handle) => {
    const [sender, receiver] = broadcast.shared<unknown>(1);
    receiver[Symbol.dispose]();
    return thrown(() => sender.send({ handle }));
  },
  "a watch to nobody": (handle) => {
    const [sender, receiver] = watch.shared<unknown>(0);
    receiver[Symbol.dispose]();
    return thrown(() => sender.send({ handle }));
  },
  "a SetOnce that has a value": (handle) => {
    const cell = SetOnce.shared<unknown>();
    cell.set(1);
    return thrown(() => cell.set({ handle }));
  },
  "a OnceCell that has a value": (handle) => {
    const cell = OnceCell.shared<unknown>();
    cell.set(1);
    return thrown(() => cell.set({ handle }));
  },
};

describe.each(Object.entries(FAILURES))("a send that fails: %s", (_, fail) => {
  test.each(Object.entries(KINDS))("%s stays usable", async (name, kind) => {
    const made = inside(rt, () => kind.make());
    expect(await inside(rt, () => fail(made.handle))).toBeInstanceOf(Error);
    expect(isClosed(kind, made.handle)).toBe(false);
    const result = here(name, made.handle);
    const meanwhile = made.meanwhile?.();
    await made.verify(await settles(result, LONG));
    await meanwhile;
  });
});

test.each(Object.entries(KINDS))(
  "%s in a send that is dropped while it waits",
  async (name, kind) => {
    const made = inside(rt, () => kind.make());
    inside(rt, () => {
      const [sender, receiver] = mpsc.shared<unknown>(1);
      sender.trySend(1);
      const sending = sender.send({ handle: made.handle });
      expect(sending.poll({ waker: Waker.noop() })).toBe(Pending);
      sending[Symbol.dispose]();
      receiver[Symbol.dispose]();
    });
    expect(isClosed(kind, made.handle)).toBe(kind.isUnique);
    if (kind.isUnique) return;
    const result = here(name, made.handle);
    const meanwhile = made.meanwhile?.();
    await made.verify(await settles(result, LONG));
    await meanwhile;
  },
);

test.each(Object.entries(KINDS))("%s twice in one value", async (name, kind) => {
  const made = inside(rt, () => kind.make());
  const twice = () => rt.spawn(kinds.echo, [made.handle, made.handle]);
  const [one, two] = (await settles(twice(), LONG)) as [object, object];
  expect(one).toBe(two);
  const meanwhile = made.meanwhile?.();
  await made.verify(await settles(here(name, one), LONG));
  await meanwhile;
});

test.each(Object.entries(KINDS))("%s that was disposed is refused, and named", (_, kind) => {
  const { handle } = inside(rt, () => kind.make());
  (handle as Disposable)[Symbol.dispose]();
  // A token that was disposed has only left its parent.
  if (kind === KINDS.CancellationToken) return;
  expect(thrown(() => rt.spawn(kinds.echo, handle)).message).toContain("disposed");
});
