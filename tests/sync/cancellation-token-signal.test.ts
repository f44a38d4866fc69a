// CancellationToken and AbortSignals: its own, made when asked for; those that it is made from; and what stays in memory.

import { CancellationToken, NotASignalError } from "tokiwa/sync";
import { describe, expect, test } from "vitest";
import { collectGarbage } from "../support/tasks.js";
import { thrownBy } from "../support/time.js";
import { nodeOf } from "./cancellation-node.js";
import { readyNow, waiting } from "./polled.js";

/** An AbortSignal that counts its listeners. */
class Counted {
  readonly controller: AbortController = new AbortController();
  listeners = 0;

  constructor() {
    const { signal } = this;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...given: Parameters<typeof add>) => {
      this.listeners += 1;
      add(...given);
    };
    signal.removeEventListener = (...given: Parameters<typeof remove>) => {
      this.listeners -= 1;
      remove(...given);
    };
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }
}

describe("signal", () => {
  test("is one, and aborts with the token", () => {
    const token = new CancellationToken();
    const { signal } = token;
    expect(token.signal).toBe(signal);
    let aborts = 0;
    signal.addEventListener("abort", () => {
      aborts += 1;
    });
    token.cancel();
    token.cancel();
    expect([signal.aborted, aborts]).toEqual([true, 1]);
    expect(signal.reason).toMatchObject({ name: "AbortError" });
  });

  test("has the reason that the cancel was given, and so have those below", () => {
    const root = new CancellationToken();
    const [early, late] = [root.childToken(), root.childToken()];
    const { signal } = early;
    const reason = new Error("enough");
    expect(root.reason).toBe(undefined);
    root.cancel(reason);
    root.cancel("too late");
    for (const given of [root.reason, early.reason, late.reason, signal.reason, late.signal.reason])
      expect(given).toBe(reason);
    expect(() => signal.throwIfAborted()).toThrow(reason);
  });

  test("of a child aborts with its parent, and not the other way", () => {
    const root = new CancellationToken();
    const child = root.childToken();
    const sibling = root.childToken();
    const signals = [root.signal, child.signal, sibling.signal];
    child.cancel();
    expect(signals.map((signal) => signal.aborted)).toEqual([false, true, false]);
    root.cancel();
    expect(signals.map((signal) => signal.aborted)).toEqual([true, true, true]);
  });

  test("of a token that is cancelled already has aborted", () => {
    const root = new CancellationToken();
    root.cancel();
    expect(root.signal.aborted).toBe(true);
    expect(root.childToken().signal.aborted).toBe(true);
  });

  test("of a token that was disposed aborts only with the token itself", () => {
    const root = new CancellationToken();
    const child = root.childToken();
    const { signal } = child;
    child[Symbol.dispose]();
    root.cancel();
    expect(signal.aborted).toBe(false);
    child.cancel();
    expect(signal.aborted).toBe(true);
  });

  test("a listener that cancels the parent is called once", () => {
    const root = new CancellationToken();
    const child = root.childToken();
    let aborts = 0;
    child.signal.addEventListener("abort", () => {
      aborts += 1;
      root.cancel();
    });
    child.cancel();
    expect([aborts, root.isCancelled()]).toEqual([1, true]);
  });
});

describe("fromSignal", () => {
  test("is cancelled when the signal aborts, with its reason", () => {
    const controller = new AbortController();
    const token = CancellationToken.fromSignal(controller.signal);
    const child = token.childToken();
    const waiter = waiting(child.cancelled());
    const { signal } = child;
    const reason = new Error("stop");
    controller.abort(reason);
    expect([token.isCancelled(), child.isCancelled(), waiter.isWoken]).toEqual([true, true, true]);
    expect(waiter.poll()).toBe(undefined);
    expect([signal.aborted, signal.reason, token.signal.reason]).toEqual([true, reason, reason]);
  });

  test("of one that has aborted is cancelled, and listens to nothing", () => {
    const source = new Counted();
    const reason = new Error("stop");
    source.controller.abort(reason);
    const token = CancellationToken.fromSignal(source.signal);
    expect(token.isCancelled()).toBe(true);
    expect(readyNow(token.cancelled())).toBe(undefined);
    expect([token.signal.aborted, token.signal.reason]).toEqual([true, reason]);
    expect(source.listeners).toBe(0);
  });

  test("is cancelled in the eyes of a listener that was there before", () => {
    const controller = new AbortController();
    let seen: unknown;
    let token: CancellationToken | undefined;
    controller.signal.addEventListener("abort", () => {
      seen = [token?.isCancelled(), token?.signal.aborted];
    });
    token = CancellationToken.fromSignal(controller.signal);
    const waiter = waiting(token.cancelled());
    controller.abort();
    expect(seen).toEqual([true, true]);
    expect(waiter.isWoken).toBe(true);
  });

  test("cancelling the token does nothing to the signal", () => {
    const source = new Counted();
    const token = CancellationToken.fromSignal(source.signal);
    const waiter = waiting(token.cancelled());
    token.cancel();
    expect([waiter.isWoken, source.signal.aborted, source.listeners]).toEqual([true, false, 0]);
    source.controller.abort();
    expect(waiter.wakes).toBe(1);
  });

  test("listens only while somebody needs to be told", () => {
    const source = new Counted();
    const token = CancellationToken.fromSignal(source.signal);
    const child = token.childToken();
    expect(source.listeners).toBe(0);
    const first = waiting(token.cancelled());
    const second = waiting(child.cancelled());
    expect(source.listeners).toBe(1);
    first.drop();
    expect(source.listeners).toBe(1);
    second.drop();
    expect(source.listeners).toBe(0);
    const third = waiting(child.cancelled());
    expect(source.listeners).toBe(1);
    source.controller.abort();
    expect([third.isWoken, source.listeners]).toEqual([true, 0]);
  });

  test("listens no more when the last child that needed it is cancelled, or disposed", () => {
    const source = new Counted();
    const token = CancellationToken.fromSignal(source.signal);
    const children = [token.childToken(), token.childToken()];
    for (const child of children) expect(child.childToken().signal.aborted).toBe(false);
    expect(source.listeners).toBe(1);
    children[0]?.cancel();
    expect(source.listeners).toBe(1);
    children[1]?.cancel();
    expect(source.listeners).toBe(0);
    using child = token.childToken();
    expect([child.signal.aborted, source.listeners]).toEqual([false, 1]);
    child[Symbol.dispose]();
    expect(source.listeners).toBe(0);
  });

  test("disposed it listens no more, and hears nothing", () => {
    const source = new Counted();
    const token = CancellationToken.fromSignal(source.signal);
    const child = token.childToken();
    const waiters = [waiting(token.cancelled()), waiting(child.cancelled())];
    expect(token.signal.aborted).toBe(false);
    token[Symbol.dispose]();
    token[Symbol.dispose]();
    expect(source.listeners).toBe(0);
    source.controller.abort();
    expect(waiters.map((waiter) => waiter.isWoken)).toEqual([false, false]);
    expect([token.isCancelled(), child.isCancelled(), token.signal.aborted]).toEqual([
      false,
      false,
      false,
    ]);
    token.cancel();
    expect(waiters.map((waiter) => waiter.isWoken)).toEqual([true, true]);
  });

  test("refuses what is no signal", () => {
    const error = thrownBy(() => CancellationToken.fromSignal({} as AbortSignal));
    expect(error).toBeInstanceOf(NotASignalError);
  });
});

describe("what stays in memory", () => {
  /** Children of a token after a garbage collection, of those that `use` was done with and nobody holds. */
  async function kept(use: (child: CancellationToken) => void, root = new CancellationToken()) {
    const refs: WeakRef<object>[] = [];
    const fill = (): void => {
      for (let count = 0; count < 100; count++) {
        const child = root.childToken();
        refs.push(new WeakRef(child), new WeakRef(nodeOf(child)));
        use(child);
      }
    };
    fill();
    await collectGarbage();
    expect(root.isCancelled()).toBe(false);
    // A few may sit in a register or a stack slot.
    return refs.filter((ref) => ref.deref() !== undefined).length;
  }

  test("a child that is forgotten does not", async () => {
    expect(await kept(() => {})).toBeLessThan(10);
  });

  test("nor one that was waited for, and that has children", async () => {
    expect(
      await kept((child) => {
        waiting(child.childToken().cancelled()).drop();
        child.isCancelled();
      }),
    ).toBeLessThan(10);
  });

  test("nor one that was cancelled, with its signal", async () => {
    expect(
      await kept((child) => {
        child.signal.addEventListener("abort", () => {});
        child.cancel();
      }),
    ).toBeLessThan(10);
  });

  test("nor one whose signal was asked for, and that was disposed", async () => {
    expect(
      await kept((child) => {
        child.signal.addEventListener("abort", () => {});
        child[Symbol.dispose]();
      }),
    ).toBeLessThan(10);
  });

  test("one whose signal somebody may listen to does, and is told", async () => {
    const root = new CancellationToken();
    let aborts = 0;
    const listen = (child: CancellationToken): void => {
      child.signal.addEventListener("abort", () => {
        aborts += 1;
      });
    };
    await kept(listen, root);
    root.cancel();
    expect(aborts).toBe(100);
  });

  test("one that somebody waits for does, and is told", async () => {
    const root = new CancellationToken();
    let woken = 0;
    const waiters: { readonly isWoken: boolean }[] = [];
    await kept((child) => waiters.push(waiting(child.cancelled())), root);
    root.cancel();
    for (const waiter of waiters) if (waiter.isWoken) woken += 1;
    expect(woken).toBe(100);
  });
});
