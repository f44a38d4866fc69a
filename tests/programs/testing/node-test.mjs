// Tests for node:test, some of which must fail; run by ../testing.test.ts.

import assert from "node:assert/strict";
import { test as base } from "node:test";
import { pending, sleep, spawn, yieldNow } from "tokiwa";
import { test as direct, tokiwaTest } from "tokiwa/testing";
import { Instant } from "tokiwa/time";

const test = tokiwaTest(base);

test("sleeps a day", function* () {
  yield* sleep({ days: 1 });
  assert.equal(Instant.now().valueOf(), 86_400_000);
});

test("gets node's context", function* (context) {
  assert.equal(context.name, "gets node's context");
});

test("gets stuck", function* stuck() {
  yield* pending();
});

test.each([1, 2])("each %s", function* (n) {
  yield* sleep(n);
});

test.skip("skipped", function* () {
  throw new Error("it ran");
});

test.todo("later");

test("leaks", { checkLeaks: true }, function* () {
  spawn(pending());
  yield* yieldNow();
});

test("never ends", { timeout: 300 }, async () => {
  await new Promise(() => {});
});

direct("direct", function* () {
  yield* sleep(1);
});

direct("direct and async", async () => {
  await sleep({ hours: 1 });
});
