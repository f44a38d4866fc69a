// Cancellation tokens between threads.

import { CancellationToken } from "tokiwa/sync";
import { describe, expect, test } from "vitest";
import { collectGarbage, settles } from "../support/tasks.js";
import { nodeOf } from "../sync/cancellation-node.js";
import { crew, LONG, sharedWords, untilWord } from "./crew.js";
import * as tasks from "./fixtures/tokens.mjs";

describe("a token that was made from a signal", () => {
  test.each([
    ["it", (token: CancellationToken) => token],
    ["a child of it", (token: CancellationToken) => token.childToken()],
  ])("%s hears of the signal on another thread, though nobody waits here", async (_, which) => {
    const rt = crew(1);
    const words = sharedWords(1);
    const controller = new AbortController();
    const token = CancellationToken.fromSignal(controller.signal);
    const heard = rt.spawn(tasks.hears, which(token), words);
    await untilWord(words, tasks.BEGUN);
    controller.abort();
    expect(await settles(heard, LONG)).toBe("heard");
  });
});

describe("the reason of a cancel", () => {
  test.each<[string, unknown, unknown]>([
    ["an error", new RangeError("too much"), { name: "RangeError", message: "too much" }],
    ["a value", { code: 7 }, { code: 7 }],
    ["what cannot be sent", () => {}, { name: "AbortError" }],
    ["none", undefined, { name: "AbortError" }],
  ])("gets to another thread: %s", async (_, reason, expected) => {
    const rt = crew(1);
    const words = sharedWords(1);
    const root = new CancellationToken();
    const heard = rt.spawn(tasks.hearsWhy, root.childToken(), words);
    await untilWord(words, tasks.BEGUN);
    root.cancel(reason);
    const [ofSignal] = await settles(heard, LONG);
    expect(ofSignal).toMatchObject(expected as object);
  });

  test("comes from another thread", async () => {
    const rt = crew(1);
    const token = new CancellationToken();
    const { signal } = token;
    const waited = rt.run(token.cancelled());
    await settles(rt.spawn(tasks.cancels, token, "enough"), LONG);
    await settles(waited, LONG);
    expect([signal.reason, token.reason]).toEqual(["enough", "enough"]);
  });
});

describe("a child that another thread has let go of", () => {
  test("is not kept by its parent, once others are sent", async () => {
    const rt = crew(1);
    const root = new CancellationToken();
    async function send(): Promise<WeakRef<object>> {
      const child = root.childToken();
      await settles(rt.spawn(tasks.ignores, child), LONG);
      return new WeakRef(nodeOf(child));
    }
    const first = await send();
    for (let round = 0; first.deref() !== undefined; round++) {
      if (round === 200) throw new Error("the parent keeps it");
      await settles(rt.spawn(tasks.collects), LONG);
      await send();
      await collectGarbage();
    }
  });

  test("and is sent once more is told again", async () => {
    const rt = crew(1);
    const words = sharedWords(1);
    const root = new CancellationToken();
    const child = root.childToken();
    await settles(rt.spawn(tasks.ignores, child), LONG);
    await settles(rt.spawn(tasks.collects), LONG);
    for (let other = 0; other < 4; other++) await rt.spawn(tasks.ignores, root.childToken());
    const heard = rt.spawn(tasks.hears, child, words);
    await untilWord(words, tasks.BEGUN);
    root.cancel();
    expect(await settles(heard, LONG)).toBe("heard");
  });
});
