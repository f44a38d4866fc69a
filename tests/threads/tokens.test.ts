// Cancellation tokens between threads.

import { CancellationToken } from "tokiwa/sync";
import { describe, expect, test } from "vitest";
import { settles } from "../support/tasks.js";
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
