// Publish and subscribe: a ticker sends prices to everybody who listens, and waits for nobody. Who is too slow loses the oldest ones, is
// told how many, and goes on with what is kept. Subscribers come and go.
//
//   node examples/run.mjs pub-sub

import { join, main, select, sleep, spawn } from "tokiwa";
import { broadcast, LaggedError, RecvError } from "tokiwa/sync";

const PRICES = 20;
const KEPT = 4;

function* ticker(tx: broadcast.Sender<number>) {
  using prices = tx; // at its end the subscribers end
  for (let n = 1; n <= PRICES; n++) {
    prices.send(100 + n);
    yield* sleep(10);
  }
}

interface Heard {
  count: number;
  missed: number;
  last: number;
}

/** Takes `needsMs` for each price. */
function* subscriber(rx: broadcast.Receiver<number>, needsMs: number) {
  using prices = rx;
  const heard: Heard = { count: 0, missed: 0, last: 0 };
  for (;;) {
    try {
      heard.last = yield* prices.recv();
      heard.count += 1;
      yield* sleep(needsMs);
    } catch (error) {
      if (error instanceof RecvError) return heard;
      if (!(error instanceof LaggedError)) throw error;
      heard.missed += error.skipped;
    }
  }
}

function show(name: string, { count, missed, last }: Heard): void {
  console.log(`${name}: ${count} prices, missed ${missed}, the last was ${last}`);
}

// The clock stands, and moves when everybody waits: the program is over at once.
await main({ startPaused: true }, function* () {
  const [tx, rx] = broadcast.channel<number>(KEPT);
  const quick = spawn(subscriber, rx, 0);
  const slow = spawn(subscriber, tx.subscribe(), 35);
  const guest = tx.subscribe();
  spawn(ticker, tx);
  // A guest that leaves after a while: losing the select drops its subscription.
  yield* select({ heard: subscriber(guest, 0), enough: sleep(45) });
  console.log(`the guest has left, ${tx.receiverCount()} are left`);
  const [first, second] = yield* join(quick, slow);
  show("quick", first);
  show("slow", second);
});
