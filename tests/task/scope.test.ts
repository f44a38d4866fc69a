// scope: nothing that is spawned in it outlives it. The two facts behind that, that children are aborted and that they have ended
// before the scope completes, are tested apart from each other: a child logs its `finally`, and the scope's end is logged too.

import * as fc from "fast-check";
import {
  type Coroutine,
  type Future,
  JoinError,
  pending,
  select,
  sleep,
  spawn,
  timeout,
  yieldNow,
} from "tokiwa";
import { type Scope, ScopeEndedError, scope } from "tokiwa/task";
import { describe, expect, test } from "vitest";
import {
  Probe,
  paused,
  pollOnce,
  real,
  rejection,
  settles,
  stderrOf,
  thrown,
} from "../support/tasks.js";

function* after<T>(ms: number, value: T) {
  yield* sleep(ms);
  return value;
}

function* fails(ms: number, message = "failed"): Coroutine<number> {
  yield* sleep(ms);
  throw new Error(message);
}

/** Waits for ever; logs its end. */
function* child(log: string[], name: string): Coroutine<void> {
  try {
    yield* pending();
  } finally {
    log.push(name);
  }
}

/** What waiting for a future throws. */
function* caught(future: Future<unknown>): Coroutine<Error & { suppressed?: unknown }> {
  try {
    yield* future;
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

describe("completes", () => {
  test("with the value of its body", () => {
    const sum = paused().blockOn(function* () {
      return yield* scope(function* (s) {
        const a = s.spawn(after, 10, 1);
        const b = s.spawn(after, 5, 2);
        return (yield* a) + (yield* b);
      });
    });
    expect(sum).toBe(3);
  });

  test("without children", () => {
    paused().blockOn(function* () {
      expect(
        yield* scope(function* () {
          return 1;
        }),
      ).toBe(1);
    });
  });

  test("only when its children have ended, though nobody waits for them", () => {
    const log: string[] = [];
    paused().blockOn(function* () {
      const value = yield* scope(function* (s) {
        s.spawn(function* () {
          yield* sleep(100);
          log.push("child");
        });
        log.push("body");
        return "value";
      });
      log.push(value);
    });
    expect(log).toEqual(["body", "child", "value"]);
  });

  test("only when those have ended that children spawn, after the body has", () => {
    const log: string[] = [];
    paused().blockOn(function* () {
      function* generation(s: Scope, left: number): Coroutine<void> {
        yield* sleep(1);
        log.push(`child ${left}`);
        if (left > 0) s.spawn(generation, s, left - 1);
      }
      yield* scope(function* (s) {
        s.spawn(generation, s, 3);
      });
      log.push("end");
    });
    expect(log).toEqual(["child 3", "child 2", "child 1", "child 0", "end"]);
  });

  test("and counts its children", () => {
    paused().blockOn(function* () {
      yield* scope(function* (s) {
        expect([s.len(), s.isEmpty()]).toEqual([0, true]);
        s.spawn(after, 5, 1);
        const second = s.spawn(after, 10, 1);
        expect([s.len(), s.isEmpty()]).toEqual([2, false]);
        yield* second;
        expect([s.len(), s.isEmpty()]).toEqual([0, true]);
      });
    });
  });

  test("is lazy, and refuses a poll after completion", () => {
    paused().blockOn(function* () {
      let ran = false;
      const lazy = scope(function* () {
        ran = true;
      });
      yield* sleep(1);
      expect(ran).toBe(false);
      lazy[Symbol.dispose]();
      expect(thrown(() => pollOnce(lazy)).name).toBe("PolledAfterCompletionError");
      expect(ran).toBe(false);
    });
  });

  test("needs a function, and a runtime", () => {
    expect(thrown(() => scope(7 as never)).message).toContain("scope(body)");
    expect(thrown(() => pollOnce(scope(function* () {}))).message).toContain("no runtime");
  });
});

describe("a child that throws", () => {
  test("ends the scope: its error is thrown as it is", () => {
    paused().blockOn(function* () {
      const failure = new RangeError("out of range");
      const error = yield* caught(
        scope(function* (s) {
          s.spawn(function* () {
            yield* sleep(1);
            throw failure;
          });
          yield* pending();
        }),
      );
      expect(error).toBe(failure);
      expect("suppressed" in error).toBe(false);
    });
  });

  test("has the others aborted and ended, and the body dropped, before the scope completes", () => {
    const log: string[] = [];
    paused().blockOn(function* () {
      const error = yield* caught(
        scope(function* (s) {
          for (const name of ["a", "b", "c"]) s.spawn(child, log, name);
          s.spawn(fails, 5);
          try {
            yield* pending();
          } finally {
            log.push("body");
          }
        }),
      );
      log.push(`scope: ${error.message}`);
    });
    expect(log).toEqual(["body", "a", "b", "c", "scope: failed"]);
  });

  test("after the body has ended: the same", () => {
    const log: string[] = [];
    paused().blockOn(function* () {
      const error = yield* caught(
        scope(function* (s) {
          s.spawn(child, log, "a");
          s.spawn(fails, 5);
        }),
      );
      log.push(`scope: ${error.message}`);
    });
    expect(log).toEqual(["a", "scope: failed"]);
  });

  test("is not caught by a body that waits for it: the body is dropped", () => {
    const log: string[] = [];
    paused().blockOn(function* () {
      const error = yield* caught(
        scope(function* (s) {
          try {
            yield* s.spawn(fails, 1);
          } catch {
            log.push("caught");
          } finally {
            log.push("finally");
          }
          log.push("went on");
        }),
      );
      expect(error.message).toBe("failed");
    });
    expect(log).toEqual(["finally"]);
  });

  test("is not printed as a panic that nobody saw, and neither are those it suppresses", async () => {
    const written = await stderrOf(async () => {
      const rt = paused();
      rt.blockOn(function* () {
        yield* caught(
          scope(function* (s) {
            s.spawn(fails, 1, "first");
            s.spawn(fails, 1, "second");
            yield* pending();
          }),
        );
      });
      await rt.shutdown();
    });
    expect(written).toBe("");
  });

  test("the first one is thrown, one other is its `suppressed`", () => {
    paused().blockOn(function* () {
      const error = yield* caught(
        scope(function* (s) {
          s.spawn(fails, 2, "second");
          s.spawn(fails, 1, "first");
          s.spawn(function* () {
            try {
              yield* pending();
            } finally {
              // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested.
              throw new Error("in finally");
            }
          });
          yield* pending();
        }),
      );
      expect(error.message).toBe("first");
      expect(error.suppressed).toMatchObject({ message: "in finally" });
    });
  });

  test("several others are an AggregateError, in their order", () => {
    paused().blockOn(function* () {
      function* throwsInFinally(message: string) {
        try {
          yield* pending();
        } finally {
          // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested.
          throw new Error(message);
        }
      }
      const error = yield* caught(
        scope(function* (s) {
          s.spawn(throwsInFinally, "a");
          s.spawn(throwsInFinally, "b");
          s.spawn(fails, 1, "first");
          yield* throwsInFinally("body");
        }),
      );
      expect(error.message).toBe("first");
      const { suppressed } = error as { suppressed?: AggregateError };
      expect(suppressed).toBeInstanceOf(AggregateError);
      expect(suppressed?.errors.map(({ message }: Error) => message)).toEqual(["body", "a", "b"]);
    });
  });

  describe("one error that several throw", () => {
    /** Runs a scope in which each of `errors` is thrown by a child, all in one turn. */
    function* thrownTogether(...errors: unknown[]) {
      return yield* caught(
        scope(function* (s) {
          for (const error of errors)
            s.spawn(function* () {
              yield* sleep(1);
              throw error;
            });
          yield* pending();
        }),
      );
    }

    test("is not its own `suppressed`", () => {
      paused().blockOn(function* () {
        const reason = new Error("stop");
        expect(yield* thrownTogether(reason, reason, reason)).toBe(reason);
        expect("suppressed" in reason).toBe(false);
      });
    });

    test("is suppressed once", () => {
      paused().blockOn(function* () {
        const [reason, other] = [new Error("stop"), new Error("other")];
        expect(yield* thrownTogether(reason, other, other, reason)).toBe(reason);
        expect(reason).toHaveProperty("suppressed", other);
      });
    });

    test("in one scope after the other does not grow", () => {
      paused().blockOn(function* () {
        const [reason, a, b] = [new Error("stop"), new Error("a"), new Error("b")];
        yield* thrownTogether(reason, a, b);
        yield* thrownTogether(reason, b, reason, a);
        yield* thrownTogether(reason, reason);
        const { suppressed } = reason as { suppressed?: AggregateError };
        expect(suppressed?.errors).toEqual([a, b]);
      });
    });

    test("is told, and so not printed, though it cannot have a `suppressed`", async () => {
      const written = await stderrOf(async () => {
        const rt = paused();
        rt.blockOn(function* () {
          yield* thrownTogether("stop", "stop");
        });
        await rt.shutdown();
      });
      expect(written).toBe("");
    });
  });

  test("while the finally of another runs: that one runs to its end", () => {
    const log: string[] = [];
    paused().blockOn(function* () {
      const error = yield* caught(
        scope(function* (s) {
          const busy = s.spawn(function* () {
            try {
              yield* pending();
            } finally {
              // The one beside it fails in the same turn.
              other.complete();
              log.push("finally, begun");
              log.push("finally, ended");
            }
          });
          const other = new Probe();
          s.spawn(function* () {
            yield* other;
            throw new Error("failed");
          });
          yield* yieldNow();
          busy.abort();
          yield* pending();
        }),
      );
      log.push(error.message);
    });
    expect(log).toEqual(["finally, begun", "finally, ended", "failed"]);
  });

  test("what is no object has no `suppressed`: the others are printed", async () => {
    const written = await stderrOf(async () => {
      const rt = paused();
      rt.blockOn(function* () {
        let error: unknown;
        try {
          yield* scope(function* (s) {
            s.spawn(function* () {
              yield* sleep(1);
              throw "a string";
            });
            s.spawn(fails, 1, "the second");
            try {
              yield* pending();
            } finally {
              // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested.
              throw new Error("the body");
            }
          });
        } catch (thrown) {
          error = thrown;
        }
        expect(error).toBe("a string");
      });
      await rt.shutdown();
    });
    expect(written).toContain("the second");
    expect(written).toContain("the body");
  });
});

describe("a child that is aborted", () => {
  test("is no failure", () => {
    paused().blockOn(function* () {
      const value = yield* scope(function* (s) {
        const aborted = s.spawn(pending());
        yield* sleep(1);
        aborted.abort();
        const error = yield* caught(aborted);
        expect(error).toBeInstanceOf(JoinError);
        return "value";
      });
      expect(value).toBe("value");
    });
  });

  test("abortAll aborts those that are there; the body goes on", () => {
    const log: string[] = [];
    paused().blockOn(function* () {
      yield* scope(function* (s) {
        s.spawn(child, log, "a");
        s.spawn(child, log, "b");
        yield* yieldNow();
        s.abortAll();
        expect(yield* s.spawn(after, 1, "new")).toBe("new");
        log.push("body");
      });
    });
    expect(log).toEqual(["a", "b", "body"]);
  });
});

describe("a body that throws", () => {
  test("has its children aborted and ended before the scope completes", () => {
    const log: string[] = [];
    paused().blockOn(function* () {
      const error = yield* caught(
        scope(function* (s) {
          s.spawn(child, log, "a");
          s.spawn(child, log, "b");
          yield* sleep(1);
          throw new Error("body");
        }),
      );
      log.push(error.message);
    });
    expect(log).toEqual(["a", "b", "body"]);
  });

  test("before its children have begun: they never run", () => {
    let ran = false;
    paused().blockOn(function* () {
      const error = yield* caught(
        scope(function* (s) {
          s.spawn(function* () {
            ran = true;
          });
          throw new Error("body");
        }),
      );
      expect(error.message).toBe("body");
      yield* sleep(1);
    });
    expect(ran).toBe(false);
  });

  test("with what its children threw as `suppressed`", () => {
    paused().blockOn(function* () {
      const error = yield* caught(
        scope(function* (s) {
          s.spawn(function* () {
            try {
              yield* pending();
            } finally {
              // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested.
              throw new Error("child");
            }
          });
          yield* sleep(1);
          throw new Error("body");
        }),
      );
      expect(error).toMatchObject({ message: "body", suppressed: { message: "child" } });
    });
  });
});

describe("dropped", () => {
  test("it aborts its children at once, and its body's clean-up runs", () => {
    const log: string[] = [];
    paused().blockOn(function* () {
      const winner = yield* select({
        scope: scope(function* (s) {
          s.spawn(child, log, "a");
          try {
            yield* pending();
          } finally {
            log.push("body");
          }
        }),
        tick: sleep(5),
      });
      expect(winner.branch).toBe("tick");
      expect(log).toEqual(["body"]);
      yield* yieldNow();
      expect(log).toEqual(["body", "a"]);
    });
  });

  test("with its task, which is aborted", () => {
    const log: string[] = [];
    paused().blockOn(function* () {
      const task = spawn(
        scope(function* (s) {
          s.spawn(child, log, "a");
          yield* pending();
        }),
      );
      yield* sleep(1);
      task.abort();
      yield* sleep(1);
      expect(task.isFinished()).toBe(true);
    });
    expect(log).toEqual(["a"]);
  });

  test("before its children have begun: they never run", () => {
    const log: string[] = [];
    paused().blockOn(function* () {
      const dropped = scope(function* (s) {
        s.spawn(child, log, "never began");
        yield* pending();
      });
      pollOnce(dropped);
      dropped[Symbol.dispose]();
      yield* sleep(1);
    });
    expect(log).toEqual([]);
  });

  test("twice, and after its end, is harmless", () => {
    paused().blockOn(function* () {
      const dropped = scope(function* (s) {
        s.spawn(pending());
        yield* pending();
      });
      pollOnce(dropped);
      dropped[Symbol.dispose]();
      dropped[Symbol.dispose]();
      const ended = scope(function* () {});
      pollOnce(ended);
      ended[Symbol.dispose]();
      yield* sleep(1);
    });
  });

  test("what its body throws then is thrown, the children are aborted all the same", () => {
    const log: string[] = [];
    paused().blockOn(function* () {
      const dropped = scope(function* (s) {
        s.spawn(child, log, "a");
        try {
          yield* pending();
        } finally {
          // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested.
          throw new Error("in finally");
        }
      });
      pollOnce(dropped);
      yield* yieldNow();
      expect(thrown(() => dropped[Symbol.dispose]()).message).toBe("in finally");
      yield* yieldNow();
      expect(log).toEqual(["a"]);
    });
  });

  test("a panic of a child after that is printed: nobody else hears of it", async () => {
    const written = await stderrOf(async () => {
      const rt = paused();
      rt.blockOn(function* () {
        const dropped = scope(function* (s) {
          s.spawn(function* () {
            try {
              yield* pending();
            } finally {
              // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested.
              throw new Error("unheard");
            }
          });
          yield* pending();
        });
        pollOnce(dropped);
        yield* yieldNow();
        dropped[Symbol.dispose]();
        yield* sleep(1);
      });
      await rt.shutdown();
    });
    expect(written).toContain("unheard");
  });

  test("by the end of the runtime, whole trees end", async () => {
    const log: string[] = [];
    const rt = real();
    const tree = rt.spawn(
      scope(function* (s) {
        s.spawn(child, log, "child");
        s.spawn(
          scope(function* (inner) {
            inner.spawn(child, log, "grandchild");
            yield* pending();
          }),
        );
        yield* pending();
      }),
    );
    await rt.run(function* () {
      yield* sleep(1);
    });
    await rt.shutdown();
    expect(tree.isFinished()).toBe(true);
    expect(log.sort()).toEqual(["child", "grandchild"]);
  });
});

describe("takes no more tasks", () => {
  test("once it has ended", () => {
    paused().blockOn(function* () {
      const kept = yield* scope(function* (s) {
        return s;
      });
      expect(() => kept.spawn(after, 1, 1)).toThrow(ScopeEndedError);
      expect(() => kept.spawnBlocking((() => 1) as never)).toThrow(ScopeEndedError);
    });
  });

  test("while it ends: from clean-up of the body and of children", () => {
    const log: unknown[] = [];
    paused().blockOn(function* () {
      function* spawnsInFinally(s: Scope) {
        try {
          yield* pending();
        } finally {
          try {
            s.spawn(after, 1, 1);
          } catch (error) {
            log.push(error);
          }
        }
      }
      yield* caught(
        scope(function* (s) {
          s.spawn(spawnsInFinally, s);
          s.spawn(fails, 1);
          yield* spawnsInFinally(s);
        }),
      );
    });
    expect(log).toHaveLength(2);
    for (const error of log) expect(error).toBeInstanceOf(ScopeEndedError);
  });

  test("once it was dropped", () => {
    paused().blockOn(function* () {
      let kept: Scope | undefined;
      const dropped = scope(function* (s) {
        kept = s;
        yield* pending();
      });
      pollOnce(dropped);
      dropped[Symbol.dispose]();
      expect(() => kept?.spawn(after, 1, 1)).toThrow(ScopeEndedError);
      yield* yieldNow();
    });
  });
});

describe("nested", () => {
  test("an inner failure that is caught leaves the outer scope alone", () => {
    const log: string[] = [];
    paused().blockOn(function* () {
      const value = yield* scope(function* (outer) {
        const worker = outer.spawn(after, 20, "worker");
        const error = yield* caught(
          scope(function* (inner) {
            inner.spawn(child, log, "inner child");
            inner.spawn(fails, 1);
            yield* pending();
          }),
        );
        log.push(error.message);
        return yield* worker;
      });
      expect(value).toBe("worker");
    });
    expect(log).toEqual(["inner child", "failed"]);
  });

  test("an inner failure that is not caught ends the outer one, `suppressed` and all", () => {
    const log: string[] = [];
    paused().blockOn(function* () {
      function* throwsInFinally(message: string) {
        try {
          yield* pending();
        } finally {
          // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested.
          throw new Error(message);
        }
      }
      const error = yield* caught(
        scope(function* (outer) {
          outer.spawn(child, log, "outer child");
          outer.spawn(throwsInFinally, "outer finally");
          yield* scope(function* (inner) {
            inner.spawn(throwsInFinally, "inner finally");
            inner.spawn(fails, 1);
            yield* pending();
          });
        }),
      );
      log.push(error.message);
      const { suppressed } = error as { suppressed?: AggregateError };
      expect(suppressed?.errors.map(({ message }: Error) => message)).toEqual([
        "inner finally",
        "outer finally",
      ]);
    });
    expect(log).toEqual(["outer child", "failed"]);
  });

  test.each([
    ["in its body", false],
    ["in a child", true],
  ])("an outer scope that fails waits for the children of one %s", (_, inChild) => {
    const log: string[] = [];
    paused().blockOn(function* () {
      // Ends two turns after it is aborted: it hands its end to a child of its own, and so on.
      function* nest(depth: number): Coroutine<void> {
        try {
          yield* scope(function* (s) {
            if (depth > 0) s.spawn(nest, depth - 1);
            yield* pending();
          });
        } finally {
          log.push(`nest ${depth}`);
        }
      }
      const error = yield* caught(
        scope(function* (outer) {
          outer.spawn(fails, 5);
          if (inChild) outer.spawn(nest, 4);
          else yield* nest(4);
          yield* pending();
        }),
      );
      log.push(error.message);
      yield* sleep(10);
    });
    expect(log).toEqual(["nest 4", "nest 3", "nest 2", "nest 1", "nest 0", "failed"]);
  });

  test("an inner scope that loses a select: the outer one waits for its children", () => {
    const log: string[] = [];
    paused().blockOn(function* () {
      yield* scope(function* () {
        yield* select({
          inner: scope(function* (inner) {
            inner.spawn(child, log, "inner child");
            yield* pending();
          }),
          tick: sleep(1),
        });
        log.push("body");
      });
      log.push("outer");
    });
    expect(log).toEqual(["body", "inner child", "outer"]);
  });

  describe("what is thrown in an inner scope that is dropped is reported, and the outer scope goes on", () => {
    function* throwsInFinally(): Coroutine<void> {
      try {
        yield* pending();
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested.
        throw new Error("late");
      }
    }

    test.each<[string, (s: Scope, gate: Promise<void>) => Coroutine<void>, string]>([
      [
        "by a child that it aborts",
        function* (s) {
          s.spawn(throwsInFinally);
          yield* pending();
        },
        "panicked",
      ],
      [
        "by a child, before it could be told",
        function* (s, gate) {
          s.spawn(fails, 1, "late");
          s.spawn(async () => gate);
          yield* pending();
        },
        "panicked",
      ],
      [
        "by its body, before it could be told",
        function* (s, gate) {
          s.spawn(async () => gate);
          yield* sleep(1);
          throw new Error("late");
        },
        "the body of a scope threw",
      ],
    ])("%s", async (_, body, words) => {
      const log: string[] = [];
      const written = await stderrOf(async () => {
        const rt = paused();
        let open = (): void => {};
        const gate = new Promise<void>((resolve) => {
          open = resolve;
        });
        await settles(
          rt.run(function* () {
            yield* scope(function* (outer) {
              outer.spawn(function* () {
                yield* sleep(20);
                log.push("sibling");
              });
              const inner = scope(function* (s) {
                yield* body(s, gate);
              });
              yield* select({ inner, tick: sleep(2) });
              open();
              log.push("body");
            });
          }),
        );
        await rt.shutdown();
      });
      expect(log).toEqual(["body", "sibling"]);
      expect(written.match(/Error: late/g)).toHaveLength(1);
      expect(written).toContain(words);
    });
  });

  test("a task that is spawned beside is in no scope", () => {
    const log: string[] = [];
    paused().blockOn(function* () {
      yield* caught(
        scope(function* () {
          spawn(function* () {
            // Its own scope, though it was spawned in the body of another.
            yield* scope(function* (s) {
              s.spawn(after, 10, 1);
            });
            log.push("beside");
          });
          throw new Error("body");
        }),
      );
      log.push("scope");
      yield* sleep(20);
    });
    expect(log).toEqual(["scope", "beside"]);
  });
});

test("buildTask: a child with a name, or a signal", () => {
  paused().blockOn(function* () {
    const controller = new AbortController();
    const error = yield* caught(
      scope(function* (s) {
        const aborted = s.buildTask({ signal: controller.signal }).spawn(pending());
        yield* sleep(1);
        controller.abort();
        expect((yield* caught(aborted)).message).toContain("cancelled");
        const named = s.buildTask({ name: "resize" }).spawn(fails, 1);
        const message = yield* caught(named);
        throw message;
      }),
    );
    expect(error.message).toBe("failed");
  });
  paused().blockOn(function* () {
    const log: string[] = [];
    const error = yield* caught(
      scope(function* (s) {
        // A scope inside of such a child is inside of this one too.
        s.buildTask({ name: "holder" }).spawn(
          scope(function* (inner) {
            inner.spawn(child, log, "grandchild");
            yield* pending();
          }),
        );
        s.spawn(fails, 5);
        yield* pending();
      }),
    );
    log.push(error.message);
    expect(log).toEqual(["grandchild", "failed"]);
  });
});

describe("async functions", () => {
  test("as the body", async () => {
    const rt = real();
    const sum = await rt.run(async () =>
      scope(async (s) => {
        const a = s.spawn(after, 2, 1);
        const b = s.spawn(async () => 2);
        return (await a) + (await b);
      }),
    );
    expect(sum).toBe(3);
    await rt.shutdown();
  });

  test("as the body, in which a child fails: what it awaits rejects, and the scope waits for its end", async () => {
    const rt = real();
    const log: string[] = [];
    const error = await settles(
      rejection(
        rt.run(
          scope(async (s, { signal }) => {
            signal.addEventListener("abort", () => log.push("signal"));
            s.spawn(fails, 2);
            try {
              await pending();
            } finally {
              await new Promise((resolve) => setTimeout(resolve, 5));
              log.push("body");
            }
          }),
        ),
      ),
    );
    log.push(error.message);
    expect(log).toEqual(["signal", "body", "failed"]);
    await rt.shutdown();
  });

  test("as the body, which throws", async () => {
    const rt = real();
    const log: string[] = [];
    const error = await rejection(
      rt.run(
        scope(async (s) => {
          s.spawn(child, log, "a");
          await sleep(1);
          throw new Error("body");
        }),
      ),
    );
    log.push(error.message);
    expect(log).toEqual(["a", "body"]);
    await rt.shutdown();
  });

  test("as a child: the scope waits until an aborted one has come to its end", async () => {
    const rt = real();
    const log: string[] = [];
    const error = await rejection(
      rt.run(
        scope(function* (s) {
          s.spawn(async () => {
            await new Promise((resolve) => setTimeout(resolve, 20));
            log.push("end of the function");
          });
          s.spawn(fails, 1);
          yield* pending();
        }),
      ),
    );
    log.push(error.message);
    expect(log).toEqual(["end of the function", "failed"]);
    await rt.shutdown();
  });

  test("as a child with a scope of its own: the outer one waits for that too", async () => {
    const rt = real();
    const log: string[] = [];
    const error = await settles(
      rejection(
        rt.run(
          scope(function* (s) {
            s.spawn(async () => {
              await scope(function* (inner) {
                inner.spawn(child, log, "grandchild");
                yield* pending();
              });
            });
            s.spawn(fails, 5);
            yield* pending();
          }),
        ),
      ),
    );
    log.push(error.message);
    expect(log).toEqual(["grandchild", "failed"]);
    await rt.shutdown();
  });

  test("abortAll spares an async body; it is no child", async () => {
    const rt = real();
    const value = await rt.run(
      scope(async (s) => {
        s.spawn(pending());
        expect(s.len()).toBe(1);
        s.abortAll();
        await sleep(2);
        expect(s.len()).toBe(0);
        return "value";
      }),
    );
    expect(value).toBe("value");
    await rt.shutdown();
  });
});

test("a timeout around a scope", () => {
  const log: string[] = [];
  paused().blockOn(function* () {
    const error = yield* caught(
      timeout(
        5,
        scope(function* (s) {
          s.spawn(child, log, "a");
          yield* pending();
        }),
      ),
    );
    expect(error.name).toBe("ElapsedError");
    yield* sleep(1);
  });
  expect(log).toEqual(["a"]);
});

test("a thousand children, one fails", () => {
  const log: string[] = [];
  paused().blockOn(function* () {
    const error = yield* caught(
      scope(function* (s) {
        for (let task = 0; task < 1_000; task++) s.spawn(child, log, "x");
        s.spawn(fails, 1);
        yield* pending();
      }),
    );
    expect(error.message).toBe("failed");
    expect(log).toHaveLength(1_000);
  });
});

/** A tree of scopes: what each does before it ends, how it ends, and what is in it. */
interface Node {
  readonly ms: number;
  readonly ends: "value" | "throw" | "throwInFinally" | "wait";
  readonly nested: "child" | "body";
  readonly limitMs: number;
  readonly inside: readonly Node[];
}

function nodes(depth: number): fc.Arbitrary<Node> {
  return fc.record({
    ms: fc.nat(10),
    ends: fc.constantFrom("value", "value", "throw", "throwInFinally", "wait"),
    nested: fc.constantFrom("child", "body"),
    limitMs: fc.integer({ min: 1, max: 30 }),
    inside: depth === 0 ? fc.constant([]) : fc.array(nodes(depth - 1), { maxLength: 3 }),
  });
}

test("whatever fails and is dropped in a tree of scopes: when the outermost completes nothing in it runs", async () => {
  const property = fc.property(nodes(4), (root) => {
    let running = 0;
    function* visit(node: Node): Coroutine<void> {
      running += 1;
      try {
        yield* scope(function* (s) {
          for (const inner of node.inside)
            if (inner.nested === "child") s.spawn(visit, inner);
            else yield* select({ inner: visit(inner), limit: sleep(inner.limitMs) });
          yield* sleep(node.ms);
          if (node.ends === "throw") throw new Error("thrown");
          if (node.ends === "wait") yield* sleep(1_000);
        });
      } finally {
        running -= 1;
        // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested.
        if (node.ends === "throwInFinally") throw new Error("thrown in finally");
      }
    }
    const rt = paused();
    rt.blockOn(function* () {
      for (const limitMs of [root.limitMs, 100_000]) {
        let ended = false;
        try {
          // The outermost one is not dropped, so it can wait.
          yield* scope(function* () {
            yield* select({ tree: visit(root), limit: sleep(limitMs) });
          });
        } catch {
          // What failed is tested elsewhere.
        } finally {
          ended = true;
        }
        expect(ended).toBe(true);
        expect(running).toBe(0);
        expect(rt.metrics().numAliveTasks()).toBe(1);
      }
    });
    void rt.shutdown();
  });
  await stderrOf(() => fc.assert(property, { numRuns: 200 }));
});
