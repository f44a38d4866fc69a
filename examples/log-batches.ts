// A stream pipeline: lines come in over HTTP whenever they come, as a Web Stream; they are parsed, filtered, and put together in batches
// that are full or old enough; and the batches go out through a Web Stream that takes its time.
//
//   node examples/run.mjs log-batches

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { fromPromise, main } from "tokiwa";
import { fromWeb } from "tokiwa/stream";

const BATCH = 5;
const OLDEST_MS = 150;

interface Entry {
  readonly level: "info" | "error";
  readonly text: string;
}

/** A service that tells what happens: many lines at once, then a pause, then a few. The pieces end in the middle of lines. */
function service() {
  const lines = (from: number, to: number): string =>
    Array.from({ length: to - from }, (_, n) => {
      const level = (from + n) % 3 === 0 ? "error" : "info";
      return `${JSON.stringify({ level, text: `event ${from + n}` })}\n`;
    }).join("");
  const server = createServer(async (_request, response) => {
    const first = lines(0, 24);
    response.write(first.slice(0, 100));
    await delay(5);
    response.write(first.slice(100));
    await delay(4 * OLDEST_MS);
    response.end(lines(24, 30));
  });
  return { server, [Symbol.dispose]: () => server.close() };
}

/** Whole lines out of pieces of text. */
function toLines(): TransformStream<string, string> {
  let rest = "";
  return new TransformStream({
    transform(text, controller) {
      const parts = (rest + text).split("\n");
      rest = parts.pop() as string;
      for (const line of parts) controller.enqueue(line);
    },
  });
}

const taken: string[][] = [];
const store = new WritableStream<string[]>({
  async write(batch) {
    await delay(10); // writes it somewhere
    taken.push(batch);
    console.log(`${batch.length}: ${batch.join(", ")}`);
  },
});

await main(function* () {
  using site = service();
  yield* fromPromise(() => new Promise<void>((ready) => site.server.listen(0, "127.0.0.1", ready)));
  const { port } = site.server.address() as AddressInfo;
  const response = yield* fromPromise((signal) => fetch(`http://127.0.0.1:${port}`, { signal }));
  const text = (response.body as ReadableStream<BufferSource>).pipeThrough(new TextDecoderStream());
  yield* fromWeb(text.pipeThrough(toLines()))
    .map((line): Entry => JSON.parse(line))
    .filter(({ level }) => level === "error")
    .map((entry) => entry.text)
    .chunksTimeout(BATCH, OLDEST_MS)
    .pipeTo(store);
  console.log(`${taken.flat().length} errors in ${taken.length} batches`);
});
