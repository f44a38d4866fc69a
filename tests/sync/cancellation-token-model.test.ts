// Random trees of tokens against a plain model, where every token knows its children and a cancel walks all of them.

import fc from "fast-check";
import { CancellationToken } from "tokiwa/sync";
import { expect, test } from "vitest";
import { Polled } from "./polled.js";

interface Mirror {
  readonly token: CancellationToken;
  readonly children: Mirror[];
  cancelled: boolean;
  disposed: boolean;
  /** The signal, once it was asked for. */
  signal: AbortSignal | undefined;
  readonly waits: Polled<void>[];
}

interface Step {
  readonly op: keyof typeof WEIGHTS;
  readonly at: number;
}

const WEIGHTS = {
  root: 1,
  fromSignal: 2,
  abortSource: 2,
  child: 12,
  wait: 12,
  dropWait: 8,
  signal: 4,
  cancel: 3,
  dispose: 3,
};

const steps = fc.array(
  fc.record({
    op: fc.oneof(
      ...Object.entries(WEIGHTS).map(([op, weight]) => ({
        weight,
        arbitrary: fc.constant(op as Step["op"]),
      })),
    ),
    at: fc.nat(1000),
  }),
  { maxLength: 100, size: "max" },
);

function mirror(token: CancellationToken): Mirror {
  return {
    token,
    children: [],
    cancelled: false,
    disposed: false,
    signal: undefined,
    waits: [],
  };
}

/** Much cheaper than `expect`, which each of these would call thousands of times. */
function assertSame(actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected) throw new Error(`${what}: ${actual}, expected ${expected}`);
}

class Model {
  private readonly all: Mirror[] = [mirror(new CancellationToken())];
  private readonly sources: { readonly controller: AbortController; readonly mirror: Mirror }[] =
    [];

  run({ op, at }: Step): void {
    this[op](at);
    this.check();
  }

  private at(at: number): Mirror {
    return this.all[at % this.all.length] as Mirror;
  }

  private root(): void {
    this.all.push(mirror(new CancellationToken()));
  }

  private fromSignal(at: number): void {
    const controller = new AbortController();
    const isAborted = at % 5 === 0;
    if (isAborted) controller.abort();
    const made = mirror(CancellationToken.fromSignal(controller.signal));
    made.cancelled = isAborted;
    this.all.push(made);
    this.sources.push({ controller, mirror: made });
  }

  private abortSource(at: number): void {
    const source = this.sources[at % Math.max(this.sources.length, 1)];
    if (source === undefined) return;
    if (!source.mirror.disposed) this.mark(source.mirror);
    source.controller.abort();
  }

  private child(at: number): void {
    const parent = this.at(at);
    const made = mirror(parent.token.childToken());
    parent.children.push(made);
    this.all.push(made);
    // The child of a disposed token is below that one's parent, which may have been cancelled since.
    made.cancelled = parent.cancelled || made.token.isCancelled();
    if (!parent.cancelled && made.cancelled) expect(this.isBelowCancelled(parent)).toBe(true);
  }

  private isBelowCancelled(token: Mirror): boolean {
    const parent = this.all.find((each) => each.children.includes(token));
    return parent !== undefined && (parent.cancelled || this.isBelowCancelled(parent));
  }

  private wait(at: number): void {
    const { token, waits, cancelled } = this.at(at);
    const wait = new Polled(token.cancelled());
    expect(wait.isPending()).toBe(!cancelled);
    if (!cancelled) waits.push(wait);
  }

  private dropWait(at: number): void {
    const { waits } = this.at(at);
    waits.splice(at % Math.max(waits.length, 1), 1)[0]?.drop();
  }

  private signal(at: number): void {
    const found = this.at(at);
    found.signal = found.token.signal;
  }

  private cancel(at: number): void {
    const found = this.at(at);
    this.mark(found);
    found.token.cancel();
  }

  private mark(token: Mirror): void {
    token.cancelled = true;
    this.markBelow(token);
  }

  private markBelow(token: Mirror): void {
    for (const child of token.children) {
      if (!child.disposed) child.cancelled = true;
      this.markBelow(child);
    }
  }

  private dispose(at: number): void {
    const found = this.at(at);
    found.disposed = true;
    found.token[Symbol.dispose]();
  }

  private check(): void {
    for (const { token, cancelled, signal, waits } of this.all) {
      assertSame(token.isCancelled(), cancelled, "isCancelled");
      if (signal !== undefined) assertSame(signal.aborted, cancelled, "aborted");
      for (const wait of waits) assertSame(wait.wakes, cancelled ? 1 : 0, "wakes");
    }
  }
}

test("trees agree with the model", () => {
  fc.assert(
    fc.property(steps, (program) => {
      const model = new Model();
      for (const step of program) model.run(step);
    }),
    { numRuns: 300 },
  );
});
