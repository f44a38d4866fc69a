// Where the properties run: the same scenario with its actors as tasks of one thread, in both forms, and on three threads in the
// shared form. fast-check prints the seed and the script of a failure; `TOKIWA_SEED=… npx vitest run …` runs that seed again.

import fc from "fast-check";
import { type Coroutine, type JoinHandle, spawn, yieldNow } from "tokiwa";
import type { Runtime } from "tokiwa/runtime";
import { afterAll, describe, expect, test } from "vitest";
import { PATIENCE_MS } from "../../../support/patience.js";
import { paused, real, settles } from "../../../support/tasks.js";
import { dismiss, LONG, sharedWords, unmanned, untilNoTasks } from "../../../threads/crew.js";
import type { Form } from "../contract.js";
import { plain, shared } from "../forms.js";
import { type Actor, give, type Step } from "./actors.mjs";

const WORDS = 64;
/** With threads scripts are followed so often: one short one would be over before another thread has begun. */
const REPEAT = 6;
/** See actors.mjs. */
const BEGUN = 40;

/** Says when others had time enough to do what is waited for: by the clock, since they may be on threads that do not get to run. */
export function patience(): () => boolean {
  const end = performance.now() + PATIENCE_MS;
  return () => performance.now() > end;
}

/** Memory that all actors of a test file report in. */
const words = sharedWords(WORDS);

type Given = Parameters<Actor>[1];

/** What a scenario is given to work with. */
export class Stage {
  readonly form: Form;
  readonly words: Int32Array = words;
  /** How often each actor follows its script. */
  readonly repeat: number;
  private readonly threads: boolean;
  private readonly handles: JoinHandle<unknown>[] = [];

  constructor(form: Form, threads: boolean) {
    this.form = form;
    this.repeat = threads ? REPEAT : 1;
    this.threads = threads;
    words.fill(0);
  }

  /** Starts an actor that owns its handles: what was sent to another thread has a claim of its own there. */
  give(actor: Actor, handles: Record<string, Disposable | Disposable[]>, given: Given): void {
    const here = this.isHere();
    this.start(actor, handles, given);
    if (here) return;
    for (const handle of Object.values(handles).flat()) handle[Symbol.dispose]();
  }

  /** Whether the next actor is a task of this thread. */
  private isHere(): boolean {
    return !this.threads || this.handles.length % 3 === 0;
  }

  /** Starts an actor: with threads, two of three on whichever worker is free. */
  start(actor: Actor, handles: unknown, given: Given): JoinHandle<unknown> {
    const index = this.handles.length;
    const details = { repeat: this.repeat, ...given, index };
    const handle = this.isHere()
      ? spawn(function* () {
          return (yield* actor(handles, details)) as unknown;
        })
      : spawn(actor, handles, details);
    this.handles.push(handle);
    return handle;
  }

  /** Aborts some of them meanwhile, and waits for all: what each of them gave, undefined for one that was cancelled. */
  *ends(aborts: readonly Abort[] = []): Coroutine<unknown[]> {
    yield* this.aborts(aborts);
    const results: unknown[] = [];
    for (const handle of this.handles) results.push(yield* outcome(handle));
    return results;
  }

  /**
   * Aborts some of them, each after so many yields. None before it has begun: a coroutine that never ran has no `finally` that
   * would close what it was given.
   */
  *aborts(aborts: readonly Abort[]): Coroutine<void> {
    for (const { actor, after } of aborts) {
      const index = actor % this.handles.length;
      while (Atomics.load(words, BEGUN + index) === 0) yield* yieldNow();
      for (let round = 0; round < after; round++) yield* yieldNow();
      this.handles[index]?.abort();
    }
  }

  *pause(rounds: number): Coroutine<void> {
    for (let round = 0; round < rounds; round++) yield* yieldNow();
  }
}

function* outcome(handle: JoinHandle<unknown>): Coroutine<unknown> {
  try {
    return yield* handle;
  } catch (error) {
    const { isCancelled, cause } = error as { isCancelled?: boolean; cause?: unknown };
    if (isCancelled === true) return undefined;
    throw cause ?? error;
  }
}

export interface Abort {
  readonly actor: number;
  readonly after: number;
}

/** A script of up to `most` steps of these kinds. */
export function scripts(ops: readonly string[], most = 8): fc.Arbitrary<Step[]> {
  const step = fc.record({ op: fc.constantFrom(...ops), n: fc.integer({ min: 0, max: 4 }) });
  return fc.array(step, { minLength: 1, maxLength: most });
}

/** Scripts for several actors. */
export function casts(
  ops: readonly string[],
  { least = 1, most = 7, steps = 8 }: { least?: number; most?: number; steps?: number } = {},
): fc.Arbitrary<Step[][]> {
  return fc.array(scripts(ops, steps), { minLength: least, maxLength: most });
}

export const aborting: fc.Arbitrary<Abort[]> = fc.array(
  fc.record({ actor: fc.nat({ max: 7 }), after: fc.integer({ min: 0, max: 6 }) }),
  { maxLength: 3 },
);

interface Place {
  readonly name: string;
  readonly form: Form;
  readonly threads: boolean;
  readonly runs: number;
  run(program: () => Coroutine<void>): Promise<void>;
}

async function onLoop(rt: Runtime, program: () => Coroutine<void>): Promise<void> {
  try {
    await settles(rt.run(program()));
  } catch (error) {
    if (!(error as Error).message.includes("never settled")) throw error;
    throw new Error(`hangs: ${JSON.stringify(rt.dump())}`, { cause: error });
  }
  await untilNoTasks(rt);
}

/** The runtime with threads, for as long as nothing fails on it. */
let crew: Runtime | undefined;

async function onThreads(program: () => Coroutine<void>): Promise<void> {
  if (crew === undefined) {
    crew = unmanned(2);
    await giveAll(crew);
  }
  const rt = crew;
  try {
    await onLoop(rt, program);
  } catch (error) {
    crew = undefined;
    rt.shutdownBackground();
    throw error;
  }
}

afterAll(async () => {
  if (crew !== undefined) await dismiss(crew);
});

const PLACES: Place[] = [
  {
    name: "plain, one thread",
    form: plain,
    threads: false,
    runs: 150,
    run: async (program) => {
      const rt = paused();
      try {
        rt.blockOn(program());
        expect(rt.metrics().numAliveTasks()).toBe(0);
      } finally {
        rt.shutdownBackground();
      }
    },
  },
  {
    name: "shared, one thread",
    form: shared,
    threads: false,
    runs: 60,
    run: async (program) => {
      const rt = real();
      try {
        await onLoop(rt, program);
      } finally {
        rt.shutdownBackground();
      }
    },
  },
  { name: "shared, three threads", form: shared, threads: true, runs: 60, run: onThreads },
];

/** Gives every worker the words. */
async function giveAll(rt: Runtime): Promise<void> {
  const count = rt.metrics().numWorkers();
  const threads = new Set<number>();
  for (let worker = 0; worker < count; worker++)
    threads.add(await settles(rt.spawn(give, { words }), LONG));
  expect(threads.size).toBe(count);
}

/** A property: a scenario with random plans holds everywhere. */
export function property<P>(
  name: string,
  plans: fc.Arbitrary<P>,
  scenario: (stage: Stage, plan: P) => Coroutine<void>,
): void {
  describe(name, () => {
    for (const place of PLACES) {
      const { form, threads } = place;
      test(place.name, async () => {
        give({ words });
        const holds = fc.asyncProperty(plans, (plan) =>
          place.run(() => scenario(new Stage(form, threads), plan)),
        );
        const seed = process.env.TOKIWA_SEED;
        await fc.assert(holds, {
          numRuns: place.runs,
          // A run that hangs costs its time limit, and runs on threads are not the same twice.
          endOnFailure: form.form === "shared",
          ...(seed === undefined ? {} : { seed: Number(seed) }),
        });
      });
    }
  });
}
