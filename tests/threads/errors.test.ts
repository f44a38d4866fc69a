// What a task on another thread throws arrives as it was; and a worker that cannot find a function says why and goes on.

import { fileURLToPath } from "node:url";
import { ElapsedError, JoinError } from "tokiwa";
import { ModuleLoadError, type Runtime } from "tokiwa/runtime";
import { sendable } from "tokiwa/task";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { rejection, runScript, settles, stderrOf } from "../support/tasks.js";
import { crew, dismiss, LONG, unmanned, until, untilNoTasks } from "./crew.js";
import * as failures from "./fixtures/failures.mjs";

let rt: Runtime;

beforeAll(() => {
  rt = unmanned(2);
});
afterEach(() => untilNoTasks(rt));
afterAll(async () => {
  expect(rt.metrics().lostWorkersCount()).toBe(0);
  await dismiss(rt);
});

const FIXTURES = new URL("./fixtures/", import.meta.url);

/** The cause of the JoinError that a task ends with. */
async function causeOf(fn: unknown, ...args: unknown[]): Promise<Error & Record<string, unknown>> {
  const error = (await rejection(
    settles(rt.spawn(fn as never, ...(args as never[]))),
  )) as JoinError;
  expect(error).toBeInstanceOf(JoinError);
  expect(error).toMatchObject({ isPanic: true, isCancelled: false, isWorkerLost: false });
  return error.cause as Error & Record<string, unknown>;
}

const FORMS = {
  "a plain function": failures.fail,
  "an async function": failures.failAsync,
  "a coroutine function": failures.failCoroutine,
  "a coroutine function that never waits": failures.failAtOnce,
  "a plain function that gives a promise": failures.failPromise,
};

describe.each(Object.entries(FORMS))("thrown by %s", (form, fn) => {
  test.each([Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError])(
    "%o",
    async (errorClass) => {
      const cause = await causeOf(fn, errorClass.name);
      expect(Object.getPrototypeOf(cause)).toBe(errorClass.prototype);
      expect(cause.message).toBe(`${errorClass.name} from the worker`);
      expect(cause.stack).toContain("failures.mjs");
      if (!form.includes("promise")) expect(cause.stack).toContain("thrower");
      expect(Object.keys(cause)).toEqual([]);
    },
  );

  test("causes, all the way down", async () => {
    const cause = await causeOf(fn, "cause");
    expect(cause.message).toBe("a");
    expect(cause.cause).toBeInstanceOf(TypeError);
    expect((cause.cause as Error).message).toBe("b");
    expect((cause.cause as Error).stack).toContain("failures.mjs");
    expect((cause.cause as Error).cause).toStrictEqual({ code: 5, at: new Date(7) });
  });

  test("own properties; what of them cannot be sent is left out", async () => {
    const cause = await causeOf(fn, "properties");
    expect(cause.message).toBe("own");
    expect(cause.code).toBe("E_OWN");
    expect(cause.detail).toStrictEqual({ list: [1, new Map([["k", "v"]])] });
    expect(cause.count).toBe(3n);
    expect(typeof cause.retry).not.toBe("function");
  });

  test("a class of the program: the nearest that is known, under its own name", async () => {
    const cause = await causeOf(fn, "custom");
    expect(cause).toBeInstanceOf(RangeError);
    expect([cause.name, cause.message, cause.code]).toEqual(["PaymentError", "no money", 402]);
    expect(String(cause)).toBe("PaymentError: no money");
  });

  test("an AggregateError", async () => {
    const cause = await causeOf(fn, "aggregate");
    expect(cause).toBeInstanceOf(AggregateError);
    const { errors } = cause as unknown as AggregateError;
    expect(errors[0]).toBeInstanceOf(RangeError);
    expect(errors[1]).toBe("two");
  });

  test("a DOMException", async () => {
    const cause = await causeOf(fn, "dom");
    expect(cause).toBeInstanceOf(DOMException);
    expect([cause.name, cause.message, cause.code]).toEqual(["AbortError", "stopped", 20]);
  });

  test("one that is its own cause", async () => {
    const cause = await causeOf(fn, "cycle");
    expect(cause.cause).toBe(cause);
    expect((cause.self as { error: unknown }).error).toBe(cause);
  });

  test.each([
    ["empty", ""],
    ["frozen", "frozen"],
    ["getter", "a getter"],
    ["message of its own", "changed"],
    ["proxy", "behind a proxy"],
  ])("odd ones: %s", async (kind, message) => {
    const cause = await causeOf(fn, kind);
    expect(cause).toBeInstanceOf(Error);
    expect(cause.message).toBe(message);
  });

  test("one with a message of 2 MiB arrives, at least its beginning", async () => {
    const cause = await causeOf(fn, "long");
    expect(cause).toBeInstanceOf(Error);
    expect(cause.message).toContain("x".repeat(5_000));
  });
});

describe("thrown values that are no errors", () => {
  test.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["NaN", Number.NaN],
    ["-0", -0],
    ["a number", 5],
    ["a bigint", 5n],
    ["a text", "failed"],
    ["an object", { code: 5, list: [1] }],
    ["a Map", new Map([["k", 1]])],
    ["bytes", new Uint8Array(1024).fill(3)],
  ])("%s", async (_, value) => {
    for (const fn of [failures.throwIt, failures.throwItAsync])
      expect(await causeOf(fn, value)).toStrictEqual(value);
  });

  test.each([
    "function",
    "symbol",
    "promise",
    "instance",
    "bytes",
    "null prototype",
    "no text",
    "trap",
  ])("what cannot be sent arrives as something: %s", async (kind) => {
    const cause = (await causeOf(failures.throwOdd, kind)) as unknown;
    if (kind === "null prototype") expect(Object.getPrototypeOf(cause)).toBe(null);
    else expect(cause).toBeInstanceOf(Error);
    if (kind === "symbol") expect((cause as Error).message).toContain("Symbol(odd)");
  });
});

describe("errors of the language, the host and the library", () => {
  test("of Node, with its code", async () => {
    const cause = await causeOf(failures.noSuchFile);
    expect(cause).toMatchObject({ code: "ENOENT", syscall: "open", path: "/no/such/file" });
  });

  test("a stack that overflows", async () => {
    const cause = await causeOf(failures.overflow, 0);
    expect(cause).toBeInstanceOf(RangeError);
    expect(cause.message).toContain("call stack");
  });

  test("the one that finally throws instead", async () => {
    expect(await causeOf(failures.inFinally)).toMatchObject({ message: "in finally" });
  });

  test("a timeout that elapsed on the worker", async () => {
    const cause = await causeOf(failures.tooLate);
    expect(cause.name).toBe("ElapsedError");
    expect(cause).toBeInstanceOf(ElapsedError);
  });

  test("JoinErrors of tasks on workers, one in the other", async () => {
    let at: Error & Record<string, unknown> = await causeOf(failures.failsBelow, 3);
    for (let depth = 0; depth < 3; depth++) {
      expect(at.name).toBe("JoinError");
      expect(at).toBeInstanceOf(JoinError);
      expect(at).toMatchObject({ isPanic: true, isCancelled: false, id: expect.any(Number) });
      at = at.cause as typeof at;
    }
    expect(at).toBeInstanceOf(RangeError);
    expect(at.message).toBe("at the bottom");
  });

  test("a task catches what a task that it spawned has thrown", async () => {
    expect(await settles(rt.spawn(failures.catches))).toEqual([true, "a", true]);
  });

  test("all who wait get the same cause", async () => {
    const handle = rt.spawn(failures.failCoroutine, "cause");
    const errors = await Promise.all([1, 2, 3].map(() => rejection(settles(handle))));
    expect(new Set(errors.map((error) => error.cause)).size).toBe(1);
  });

  test("a thousand failures at once, each its own", async () => {
    const handles = Array.from({ length: 1000 }, (_, i) => rt.spawn(failures.throwIt, i));
    const errors = await settles(Promise.all(handles.map((handle) => rejection(handle))), LONG);
    expect(errors.map((error) => error.cause)).toEqual(handles.map((_, i) => i));
  });
});

describe("functions that a worker cannot find", () => {
  const at = (file: string): string => new URL(file, FIXTURES).href;
  const text = (source: string): string => `data:text/javascript,${encodeURIComponent(source)}`;
  const CASES: [string, string, string, RegExp, RegExp | undefined][] = [
    ["no such file", at("nowhere.mjs"), "fn", /could not be imported/, /Cannot find module/],
    [
      "no JavaScript",
      text("export const fn = ( => ;"),
      "fn",
      /could not be imported/,
      /Unexpected/,
    ],
    ["a file of another kind", at("no-javascript.txt"), "fn", /could not be imported/, /\.txt/],
    ["a module that throws", at("throws-at-import.mjs"), "fn", /imported/, /thrown at import/],
    ["a module that rejects", at("rejects-at-import.mjs"), "fn", /imported/, /rejected at import/],
    ["what imports it cannot", text('import "no-such-package";'), "fn", /imported/, undefined],
    ["a scheme that nobody knows", "nowhere:module", "fn", /imported/, undefined],
    ["no such export", at("failures.mjs"), "missing", /no export of that name.*"works"/, undefined],
    ["a module without exports", text("0;"), "fn", /no export of that name.*nothing/, undefined],
    ["an export that is not sendable", at("failures.mjs"), "plain", /has not made/, undefined],
    [
      "an export that is no function",
      at("failures.mjs"),
      "notAFunction",
      /has not made/,
      undefined,
    ],
    ["a default export by its name", at("failures.mjs"), "default", /no export/, undefined],
    ["a property of all objects", at("failures.mjs"), "toString", /no export/, undefined],
  ];

  async function stillWork(): Promise<void> {
    const handles = Array.from({ length: 10 }, (_, i) => rt.spawn(failures.works, i));
    expect(await settles(Promise.all(handles))).toEqual(handles.map((_, i) => i));
    expect(rt.metrics().lostWorkersCount()).toBe(0);
  }

  test.each(CASES)("%s", async (_, url, name, message, cause) => {
    const fn = sendable(url, name, () => 1);
    for (const args of [[], [5], [new Uint8Array(2 ** 21)]]) {
      const error = await causeOf(fn, ...args);
      expect(error.name).toBe("ModuleLoadError");
      expect(error).toBeInstanceOf(ModuleLoadError);
      expect(error).toMatchObject({ url, exportName: name });
      expect(error.message).toMatch(message);
      if (cause !== undefined) expect(String((error.cause as Error).message)).toMatch(cause);
    }
    await stillWork();
  });

  test("what the module threw is the cause, with its class and properties", async () => {
    const fn = sendable(at("throws-at-import.mjs"), "fn", () => 1);
    const error = await causeOf(fn);
    expect(error.cause).toBeInstanceOf(RangeError);
    expect(error.cause).toMatchObject({ message: "thrown at import", code: "E_IMPORT" });
    const plain = await causeOf(sendable(at("throws-text-at-import.mjs"), "fn", () => 1));
    expect(plain.cause).toBe("only a text");
  });

  test("one that is exported by another name than it was registered by", async () => {
    expect((await causeOf(failures.alias)).message).toMatch(/"original".*no export of that name/);
    expect((await causeOf(failures.swapped)).message).toMatch(/"works2".*has not made/);
    await stillWork();
  });

  test("an export that was registered by another name", async () => {
    const fn = sendable(at("failures.mjs"), "alias", () => 1);
    const error = await causeOf(fn);
    expect(error.message).toMatch(/"alias".*made sendable as "original"/);
    await stillWork();
  });

  test("many at once that cannot be found, among many that can", async () => {
    const missing = sendable(at("nowhere.mjs"), "many", (i: number) => i);
    const handles = Array.from({ length: 200 }, (_, i) =>
      rt.spawn((i % 2 === 0 ? missing : failures.works) as never, i as never),
    );
    const results = await settles(Promise.allSettled(handles), LONG);
    for (const [i, result] of results.entries())
      expect(result.status).toBe(i % 2 === 0 ? "rejected" : "fulfilled");
    await stillWork();
  });

  test("aborted while it is being imported", async () => {
    const fn = sendable(at("rejects-at-import.mjs"), "aborted", () => 1);
    const handle = rt.spawn(fn);
    handle.abort();
    expect(await rejection(settles(handle))).toBeInstanceOf(JoinError);
    await stillWork();
  });

  test("shut down while it is being imported", async () => {
    const forever = text("await new Promise(() => setTimeout(() => {}, 2 ** 30));");
    const one = crew(1);
    const handle = one.spawn(sendable(forever, "fn", () => 1));
    await until("a worker has begun", () => one.metrics().workerPollCount(0) > 0);
    await dismiss(one);
    expect(await rejection(settles(handle))).toMatchObject({ isCancelled: true });
  });
});

describe("reports", () => {
  test("a panic on a worker that nobody looks at is printed once, here", async () => {
    const printed = await stderrOf(async () => {
      const one = crew(1);
      let ended = false;
      one.spawn(failures.fail, "custom");
      await until("the task has ended", () => {
        ended ||= one.metrics().spawnedTasksCount() > 0 && one.metrics().numAliveTasks() === 0;
        return ended;
      });
      await dismiss(one);
    });
    expect(printed.split("no money").length - 1).toBe(1);
    expect(printed).toMatch(/"fail" panicked, and nobody looked/);
  });

  test("one that was looked at is not", async () => {
    const printed = await stderrOf(async () => {
      const one = crew(1);
      await rejection(settles(one.spawn(failures.fail, "custom"), LONG));
      await dismiss(one);
    });
    expect(printed).toBe("");
  });

  test("the program ends with what its task threw", async ({ task }) => {
    const { code, stderr, hung } = await runScript(
      task.file.projectName ?? "package",
      `import { main, sendable, spawn } from "tokiwa";
       const fail = sendable(${JSON.stringify(new URL("failures.mjs", FIXTURES).href)}, "fail", () => {});
       await main(function* () { yield* spawn(fail, "custom"); });`,
    );
    expect(hung).toBe(false);
    expect(code).toBe(1);
    expect(stderr).toContain("no money");
    expect(stderr).toContain(fileURLToPath(new URL("failures.mjs", FIXTURES)));
  });
});
