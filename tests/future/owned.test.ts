// Owned values: dropped with whoever would have had them, and nothing else is.

import { expect, test } from "vitest";
import { dropOwned, type Owned } from "../../ts/future/owned.js";

class Held implements Owned {
  get "~owned"(): true {
    return true;
  }

  drops = 0;
  private readonly error: Error | undefined;

  constructor(error?: Error) {
    this.error = error;
  }

  [Symbol.dispose](): void {
    this.drops += 1;
    if (this.error !== undefined) throw this.error;
  }
}

test("disposes of what carries the mark, and of what is right inside of a tuple or a record", () => {
  const values = [new Held(), new Held(), new Held()] as const;
  dropOwned(values[0]);
  dropOwned([1, values[1], null]);
  dropOwned({ id: 1, reply: values[2] });
  expect(values.map((value) => value.drops)).toEqual([1, 1, 1]);
});

test("leaves alone what is only disposable, and what others may hold", () => {
  let drops = 0;
  const plain = {
    [Symbol.dispose]: () => {
      drops += 1;
    },
  };
  const deep = new Held();
  class Connection {
    readonly permit: Held = deep;
  }
  for (const value of [plain, [plain], new Connection(), { deep: { deep } }, null, undefined, 1])
    dropOwned(value);
  expect(drops).toBe(0);
  expect(deep.drops).toBe(0);
});

test("disposes of all of them, whatever one throws", () => {
  const bad = new Held(new Error("bad"));
  const good = new Held();
  expect(() => dropOwned([bad, good])).toThrow("bad");
  expect(good.drops).toBe(1);
});
