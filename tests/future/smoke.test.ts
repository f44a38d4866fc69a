import { main, sleep, spawn } from "tokiwa";
import { Builder } from "tokiwa/runtime";
import { expect, test } from "vitest";

function* double(n: number) {
  using _x = { [Symbol.dispose]() {} };
  yield* sleep(1);
  return n * 2;
}

test("spawns", async () => {
  expect(
    await main(function* () {
      return yield* spawn(double, 2);
    }),
  ).toBe(4);
  expect(Builder.newCurrentThread().enableAll().startPaused(true).build().blockOn(double, 4)).toBe(
    8,
  );
});
