// An order in several steps at once: if one of them fails, the others are cancelled, each undoes what it has done, and only then does the
// order fail. That is a scope: nothing that is spawned in it outlives it.
//
//   node examples/run.mjs first-failure

import { main, sleep } from "tokiwa";
import { scope } from "tokiwa/task";

class Refused extends Error {
  override name = "Refused";
}

/** Does something, and undoes it unless it is confirmed. */
class Booking implements Disposable {
  private readonly what: string;
  private confirmed = false;

  constructor(what: string) {
    this.what = what;
    console.log(`  ${what}: booked`);
  }

  confirm(): string {
    this.confirmed = true;
    return this.what;
  }

  [Symbol.dispose](): void {
    if (!this.confirmed) console.log(`  ${this.what}: given back`);
  }
}

function* book(what: string, answersAfterMs: number, refuses: boolean) {
  using booking = new Booking(what);
  yield* sleep(answersAfterMs);
  if (refuses) throw new Refused(`${what}: nothing left`);
  return booking.confirm();
}

function* travel(name: string, hotelRefuses: boolean) {
  console.log(`${name}:`);
  try {
    const booked = yield* scope(function* (s) {
      const flight = s.spawn(book, "flight", 100, false);
      const hotel = s.spawn(book, "hotel", 50, hotelRefuses);
      const car = s.spawn(book, "car", 200, false);
      return [yield* flight, yield* hotel, yield* car];
    });
    console.log(`  has ${booked.join(", ")}`);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    console.log(`  stays at home, ${error.message}`);
  }
}

// The clock stands, and moves when everybody waits: the program is over at once.
await main({ startPaused: true }, function* () {
  yield* travel("Ann", false);
  yield* travel("Bob", true);
});
