// A crawler with two limits: at most MAX_IN_FLIGHT requests under way, and at most PER_SECOND begun a second.
// It crawls a small site that it serves itself: a tree of pages, one link that leads nowhere, one page that never answers.
//
//   node examples/run.mjs crawler

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ElapsedError, fromPromise, interval, main, select, spawn, timeout } from "tokiwa";
import { mpsc, Notify } from "tokiwa/sync";
import { Instant } from "tokiwa/time";

const MAX_IN_FLIGHT = 4;
const PER_SECOND = 100;
const PATIENCE_MS = 2_000;
const PAGES = 25;
const ANSWER_MS = 50;

interface Visited {
  readonly path: string;
  readonly outcome: "found" | "missing" | "too slow";
  readonly links: readonly string[];
}

await main(function* () {
  using site = yield* serveSite();
  // As crawlers do, and without a limit: the first `fetch` of a process loads what it is made of, which may take a while.
  yield* get(`${site.origin}/robots.txt`);
  const started = Instant.now();
  const visited = yield* crawl(site.origin, "/0");
  console.log(`${visited.length} requests in ${started.elapsed().toFixed(0)} ms`);
  for (const outcome of ["found", "missing", "too slow"] as const) {
    const paths = visited.filter((page) => page.outcome === outcome).map((page) => page.path);
    console.log(`${outcome}: ${paths.length} (${paths.sort(byNumber).join(" ")})`);
  }
  yield* site.quiet();
  console.log(`the site saw ${site.mostAtOnce()} requests at once, and ${site.givenUp()} given up`);
});

/** All the bookkeeping is on one task: the visits report to it, and it alone decides what is begun. */
function* crawl(origin: string, start: string) {
  const [tx, rx] = mpsc.unbounded<Visited>();
  using _tx = tx;
  // "delay": after a pause there is no burst to catch up, so the rate holds over any stretch of time.
  using pace = interval(1_000 / PER_SECOND, { missedTickBehavior: "delay" });
  const seen = new Set([start]);
  const waiting = [start];
  const visited: Visited[] = [];
  let inFlight = 0;

  while (waiting.length > 0 || inFlight > 0) {
    // A branch that is `false` is disabled: no tick is waited for while the limit is reached or nothing waits.
    const next = yield* select({
      page: inFlight > 0 && rx.recv(),
      turn: waiting.length > 0 && inFlight < MAX_IN_FLIGHT && pace.tick(),
    });
    if (next.branch === "turn") {
      spawn(visit, origin, waiting.shift() as string, tx);
      inFlight += 1;
    } else if (next.value !== undefined) {
      inFlight -= 1;
      visited.push(next.value);
      const unseen = next.value.links.filter((link) => !seen.has(link));
      for (const link of unseen) seen.add(link);
      waiting.push(...unseen);
    }
  }
  return visited;
}

/** Fetches a page and reports. When the time is up the future is dropped, and dropping it aborts the request. */
function* visit(origin: string, path: string, tx: mpsc.UnboundedSender<Visited>) {
  try {
    const { ok, body } = yield* timeout(PATIENCE_MS, get(`${origin}${path}`));
    const links = [...body.matchAll(/href="([^"]+)"/g)].map((match) => match[1] as string);
    tx.send({ path, outcome: ok ? "found" : "missing", links });
  } catch (error) {
    if (!(error instanceof ElapsedError)) throw error;
    tx.send({ path, outcome: "too slow", links: [] });
  }
}

/** `fetch` as a future: lazy, and with the signal by which dropping reaches it. */
function get(url: string) {
  return fromPromise(async (signal) => {
    const response = await fetch(url, { signal });
    return { ok: response.ok, body: await response.text() };
  });
}

/** The site: page n links to 2n + 1 and 2n + 2. Page 11 never answers, and what is beyond the last page is missing. */
function* serveSite() {
  let open = 0;
  let mostAtOnce = 0;
  let givenUp = 0;
  const closed = new Notify();
  const server = createServer((request, response) => {
    const page = Number(request.url?.slice(1));
    open += 1;
    mostAtOnce = Math.max(mostAtOnce, open);
    response.on("close", () => {
      open -= 1;
      if (!response.writableFinished) givenUp += 1;
      closed.notifyOne();
    });
    if (page === 11) return;
    response.statusCode = page < PAGES ? 200 : 404;
    const links = page < PAGES ? [2 * page + 1, 2 * page + 2] : [];
    const body = links.map((link) => `<a href="/${link}">${link}</a>`).join(" ");
    setTimeout(() => response.end(body), ANSWER_MS);
  });
  yield* fromPromise(() => new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready)));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mostAtOnce: () => mostAtOnce,
    givenUp: () => givenUp,
    /** Waits until no request is open. */
    *quiet() {
      while (open > 0) yield* closed.notified();
    },
    [Symbol.dispose]: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function byNumber(one: string, other: string): number {
  return Number(one.slice(1)) - Number(other.slice(1));
}
