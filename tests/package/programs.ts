// Programs as a user's bundler makes them of the package: by its name, and by the conditions of the place that they are for.

import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Bundle {
  /** Not minified: what is in it has its name. */
  readonly text: string;
  readonly gzippedBytes: number;
}

async function bundled(program: string, platform: "browser" | "node", minify: boolean) {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: root },
    bundle: true,
    minify,
    write: false,
    format: "esm",
    platform,
    target: "es2022",
    // Without the paths by which our own compiler finds the sources: a user has none.
    tsconfigRaw: {},
    logLevel: "error",
  });
  return outputFiles[0]?.text as string;
}

export async function bundle(program: string, platform: "browser" | "node"): Promise<Bundle> {
  const text = await bundled(program, platform, false);
  const minified = await bundled(program, platform, true);
  return { text, gzippedBytes: gzipSync(minified).length };
}

/** On a runtime of one thread, built and ended by hand, as a page would do it. */
function onOneThread(imports: string, body: string): string {
  return `
    import { spawn } from "tokiwa";
    import { Builder } from "tokiwa/runtime";
    import { ${imports} } from "tokiwa/sync";
    const runtime = Builder.newCurrentThread().enableAll().build();
    console.log(await runtime.run(function* () { ${body} }));
    await runtime.shutdown();
  `;
}

/** Programs that use plain forms only: they print 6. */
export const PLAIN = {
  mpsc: onOneThread(
    "mpsc",
    `const [tx, rx] = mpsc.channel(1);
     spawn(function* () { for (const n of [1, 2, 3]) yield* tx.send(n); });
     return (yield* rx.recv()) + (yield* rx.recv()) + (yield* rx.recv());`,
  ),
  "broadcast, oneshot, watch": onOneThread(
    "broadcast, oneshot, watch",
    `const [all, each] = broadcast.channel(4);
     const [one, once] = oneshot.channel();
     const [latest] = watch.channel(3);
     all.send(1);
     one.send(2);
     return (yield* each.recv()) + (yield* once) + latest.borrow();`,
  ),
  Mutex: onOneThread(
    "Mutex",
    `const mutex = new Mutex(5);
     yield* mutex.with((value) => value);
     using guard = yield* mutex.lock();
     return guard.value + 1;`,
  ),
  "all classes": onOneThread(
    "Barrier, Mutex, Notify, OnceCell, RwLock, Semaphore, SetOnce",
    `const made = [new Mutex(1), new RwLock(1), new Semaphore(1), new Notify(), new OnceCell(), new SetOnce()];
     yield* new Barrier(1).wait();
     return made.length;`,
  ),
  CancellationToken: onOneThread(
    "CancellationToken",
    `const token = new CancellationToken();
     spawn(function* () { token.cancel(6); });
     yield* token.cancelled();
     return token.reason;`,
  ),
  main: `
    import { main, sleep } from "tokiwa";
    console.log(await main(function* () { yield* sleep(1); return 6; }));
  `,
};

/** A program with all there is: it prints 6 where there are threads. */
export const SHARED = `
  import { main } from "tokiwa";
  import { broadcast, CancellationToken, Mutex, mpsc, oneshot, watch } from "tokiwa/sync";
  console.log(await main(function* () {
    const [tx, rx] = mpsc.shared(4);
    const [carry, carried] = mpsc.shared(1);
    const [all, each] = broadcast.shared(4);
    const [one, once] = oneshot.shared();
    const [, latest] = watch.shared(1);
    const token = new CancellationToken();
    yield* carry.send({ token, mutex: Mutex.shared(1), tx });
    const sent = yield* carried.recv();
    using guard = yield* sent.mutex.lock();
    yield* sent.tx.send(1);
    all.send(1);
    one.send(1);
    sent.token.cancel();
    yield* token.cancelled();
    const isSender = tx instanceof mpsc.SharedSender;
    return guard.value + (yield* rx.recv()) + (yield* each.recv()) + (yield* once) + latest.borrow() + isSender;
  }));
`;

/** One module alone, outside of every runtime: nothing else of the program brings the runtime. */
export const ALONE = `
  import { Mutex } from "tokiwa/sync";
  const guard = await Mutex.shared(6).lock();
  console.log(guard.value);
`;
