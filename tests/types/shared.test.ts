// What a shared primitive may carry, at compile time. Nothing here runs: the compiler is the test.

import {
  broadcast,
  Mutex,
  mpsc,
  OnceCell,
  oneshot,
  RwLock,
  region,
  SetOnce,
  type SharedMutex,
  watch,
} from "tokiwa/sync";
import type { OnlySend } from "tokiwa/task";
import { expectTypeOf, test } from "vitest";

class Account {
  balance = 0;
  pay(): void {}
}
interface Message {
  readonly id: number;
  readonly reply: oneshot.SharedSender<string>;
  readonly parts: readonly Uint8Array[];
}

const uncalled = (): unknown[] => [
  mpsc.shared<Message>(1),
  mpsc.shared<unknown>(1),
  mpsc.shared<Message | undefined>(1),
  mpsc.sharedUnbounded<mpsc.SharedReceiver<number>>(),
  OnceCell.shared(),
  RwLock.shared(region(Float64Array, 1)),
  watch.shared<Message | undefined>(undefined),

  // @ts-expect-error a function
  mpsc.shared<() => void>(1),
  // @ts-expect-error a function in a message
  mpsc.sharedUnbounded<{ onDone: () => void }>(),
  // @ts-expect-error a function
  oneshot.shared<() => void>(),
  // @ts-expect-error a symbol
  broadcast.shared<symbol>(1),
  // @ts-expect-error a plain primitive
  watch.shared(new Mutex(1)),
  // @ts-expect-error a function
  Mutex.shared(() => 1),
  // @ts-expect-error an instance of a class with methods
  Mutex.shared(new Account()),
  // @ts-expect-error an instance of a class with methods
  RwLock.shared({ account: new Account() }),
  // @ts-expect-error the same, with options
  RwLock.shared({ account: new Account() }, { maxReaders: 2 }),
  // @ts-expect-error a class
  OnceCell.shared<typeof Account>(),
  // @ts-expect-error a function
  SetOnce.shared<() => void>(),
];

function handsOn<T>(...onlySend: OnlySend<T>): mpsc.SharedSender<T> {
  return mpsc.shared<T>(1, ...onlySend)[0];
}

test("what can be sent is inferred as it is without the check", () => {
  const made = () =>
    [
      Mutex.shared(1),
      Mutex.shared({ n: 1 }),
      watch.shared("a")[1].borrow(),
      handsOn<string>(),
    ] as const;
  expectTypeOf(made).returns.toEqualTypeOf<
    readonly [SharedMutex<number>, SharedMutex<{ n: number }>, string, mpsc.SharedSender<string>]
  >();
  expectTypeOf(uncalled).returns.toEqualTypeOf<unknown[]>();
  // @ts-expect-error the obligation is the caller's
  const refused = () => handsOn<() => void>();
  expectTypeOf(refused).toBeFunction();
});
