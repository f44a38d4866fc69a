// The hook by which something outside of a tree of tokens cancels one of them and hears of it: a flag in shared memory, say.

import { CancellationToken } from "tokiwa/sync";
import { describe, expect, test } from "vitest";
import { type Node, nodeOf } from "./cancellation-node.js";
import { readyNow, waiting } from "./polled.js";

/** A flag that other threads could set and read. */
class Flag {
  wantsCancels: boolean;
  set = false;
  /** Calls of `cancelled`. */
  told = 0;
  begins = 0;
  ends = 0;
  private node: Node | undefined;

  constructor(wantsCancels: boolean) {
    this.wantsCancels = wantsCancels;
  }

  isCancelled(): boolean {
    return this.set;
  }

  reason(): unknown {
    return undefined;
  }

  begin(node: Node): void {
    this.begins += 1;
    this.node = node;
    if (this.set) node.cancel();
  }

  end(): void {
    this.ends += 1;
    this.node = undefined;
  }

  cancelled(): void {
    this.told += 1;
    this.set = true;
  }

  /** Another thread sets the flag: the token is told if it listens. */
  raise(): void {
    this.set = true;
    this.node?.cancel();
  }
}

function bound(parent?: CancellationToken, flag: Flag = new Flag(true)): [CancellationToken, Flag] {
  const token = parent?.childToken() ?? new CancellationToken();
  nodeOf(token).bind(flag);
  return [token, flag];
}

describe("a flag that is set outside", () => {
  test("is asked by the token and its descendants, without being listened to", () => {
    const [token, flag] = bound();
    const child = token.childToken();
    expect([token.isCancelled(), child.isCancelled()]).toEqual([false, false]);
    flag.set = true;
    expect([token.isCancelled(), child.isCancelled(), child.signal.aborted]).toEqual([
      true,
      true,
      true,
    ]);
    expect(flag.begins).toBe(0);
  });

  test("wakes who waits, here and below", () => {
    const [token, flag] = bound();
    const child = token.childToken();
    const waiters = [waiting(token.cancelled()), waiting(child.cancelled())];
    const { signal } = child;
    flag.raise();
    expect(waiters.map((waiter) => waiter.wakes)).toEqual([1, 1]);
    expect(signal.aborted).toBe(true);
    expect([flag.begins, flag.ends]).toEqual([1, 1]);
  });

  test.each([
    ["waits by the token", (token: CancellationToken) => token],
    ["waits by a child", (token: CancellationToken) => token.childToken()],
  ])("and has not said so yet: whoever %s finds signals aborted", (_, which) => {
    const [token, flag] = bound();
    const waited = which(token);
    const { signal } = waited;
    const other = waiting(token.cancelled());
    flag.set = true;
    expect([signal.aborted, other.isWoken]).toEqual([false, false]);
    readyNow(waited.cancelled());
    expect([signal.aborted, other.isWoken]).toEqual([true, true]);
  });

  test("is listened to from the first who waits to the last", () => {
    const [token, flag] = bound();
    const first = waiting(token.cancelled());
    const second = waiting(token.childToken().cancelled());
    expect([flag.begins, flag.ends]).toEqual([1, 0]);
    first.drop();
    expect([flag.begins, flag.ends]).toEqual([1, 0]);
    second.drop();
    expect([flag.begins, flag.ends]).toEqual([1, 1]);
    const third = waiting(token.childToken().cancelled());
    flag.raise();
    expect([third.isWoken, flag.begins, flag.ends]).toEqual([true, 2, 2]);
  });

  test("between the question and the listening: the one who begins to wait is woken", () => {
    const [token, flag] = bound();
    const begin = flag.begin.bind(flag);
    flag.begin = (node) => {
      flag.set = true;
      begin(node);
    };
    const waiter = waiting(token.cancelled());
    expect(waiter.isWoken).toBe(true);
    expect(waiter.poll()).toBe(undefined);
    expect([flag.begins, flag.ends]).toEqual([1, 1]);
  });

  test("the same in the middle of a tree, whose other members stay in order", () => {
    const root = new CancellationToken();
    const [middle, flag] = bound(root, new Flag(false));
    flag.begin = (node) => node.cancel();
    const waiter = waiting(middle.childToken().cancelled());
    expect([waiter.isWoken, middle.isCancelled(), root.isCancelled()]).toEqual([true, true, false]);
    const other = waiting(root.cancelled());
    root.cancel();
    expect(other.wakes).toBe(1);
  });
});

describe("a cancel here tells the flag", () => {
  test("of the token itself, once, listened to or not", () => {
    for (const wantsCancels of [true, false]) {
      const [token, flag] = bound(undefined, new Flag(wantsCancels));
      token.cancel();
      token.cancel();
      expect([flag.told, flag.set]).toEqual([1, true]);
    }
  });

  test("of an ancestor, though nobody waits", () => {
    const root = new CancellationToken();
    const middle = root.childToken();
    const [token, flag] = bound(middle);
    root.cancel();
    expect([flag.told, token.isCancelled(), flag.begins]).toEqual([1, true, 0]);
  });

  test("of an ancestor, if it does not want to know: only while somebody waits", () => {
    const root = new CancellationToken();
    const [token, flag] = bound(root, new Flag(false));
    const [, idle] = bound(root, new Flag(false));
    waiting(token.cancelled());
    root.cancel();
    expect([flag.told, idle.told]).toEqual([1, 0]);
  });

  test("of an ancestor's flag", () => {
    const [root, rootFlag] = bound();
    const [token, flag] = bound(root.childToken());
    expect([rootFlag.begins, flag.begins]).toEqual([1, 0]);
    rootFlag.raise();
    expect([flag.told, token.isCancelled()]).toEqual([1, true]);
  });

  test("as long as it wants to be told", () => {
    const root = new CancellationToken();
    const [token, flag] = bound(root);
    flag.wantsCancels = false;
    nodeOf(token).review();
    root.cancel();
    expect([flag.told, token.isCancelled()]).toEqual([0, true]);
    // Somebody wants to hear of it once more.
    flag.wantsCancels = true;
    nodeOf(token).review();
    expect(flag.told).toBe(1);
  });

  test("after all are marked, and before anybody is told", () => {
    const root = new CancellationToken();
    const [token, flag] = bound(root);
    const waiters = [waiting(root.cancelled()), waiting(token.cancelled())];
    let seen: unknown;
    flag.cancelled = () => {
      seen = [root.isCancelled(), token.isCancelled(), ...waiters.map((waiter) => waiter.isWoken)];
    };
    root.cancel();
    expect(seen).toEqual([true, true, false, false]);
    expect(waiters.map((waiter) => waiter.isWoken)).toEqual([true, true]);
  });

  test("that came before it was bound", () => {
    const root = new CancellationToken();
    root.cancel();
    expect(bound(root)[1].told).toBe(1);
    expect(bound(root.childToken())[1].told).toBe(1);
    nodeOf(root).bind(new Flag(true));
  });

  test("not after the token was disposed", () => {
    const root = new CancellationToken();
    const [token, flag] = bound(root);
    const waiter = waiting(token.cancelled());
    token[Symbol.dispose]();
    expect([flag.begins, flag.ends]).toEqual([1, 1]);
    root.cancel();
    flag.raise();
    expect([flag.told, token.isCancelled(), waiter.isWoken]).toEqual([0, false, false]);
  });
});

describe("two sources, one of which wants to be told", () => {
  function relaying(): [CancellationToken, Flag, Flag] {
    const [token, from] = bound(undefined, new Flag(false));
    const to = new Flag(true);
    nodeOf(token).bind(to);
    return [token, from, to];
  }

  test("it hears of the other, though nobody waits by the token", () => {
    const [token, from, to] = relaying();
    from.raise();
    expect([to.told, to.set, token.isCancelled()]).toEqual([1, true, true]);
    expect([from.begins, from.ends]).toEqual([1, 1]);
  });

  test("and does so after somebody has waited and gone", () => {
    const [token, from, to] = relaying();
    waiting(token.cancelled()).drop();
    from.raise();
    expect(to.told).toBe(1);
  });

  test("not after the token was disposed", () => {
    const [token, from, to] = relaying();
    token[Symbol.dispose]();
    expect([from.begins, from.ends]).toEqual([1, 1]);
    from.raise();
    expect([to.told, token.isCancelled()]).toEqual([0, false]);
  });
});
