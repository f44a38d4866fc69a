// Where the cases run: each of them in every world whose form they allow.
//
//     plain, current_thread      `blockOn` on a paused clock: a wait that nothing ends fails at once, as a DeadlockError
//     shared, current_thread     `run`
//     shared, multi_thread       `run`: the case is a task of the main thread; partners run on the workers
//
// A case runs `unconstrained`, so that it can poll by hand as often as it likes, unless it says that it is about the budget.
// After a case no task may be left.

import { type Coroutine, future } from "tokiwa";
import type { Runtime } from "tokiwa/runtime";
import { unconstrained } from "tokiwa/task";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collectGarbage, paused, real, settles } from "../../support/tasks.js";
import { dismiss, unmanned, untilNoTasks } from "../../threads/crew.js";
import type { Form, FormName } from "./contract.js";
import { plain, shared } from "./forms.js";

export type Case = (form: Form) => Coroutine<void>;

export interface CaseOptions {
  /** The case is about the budget: nothing lifts it. */
  readonly budgeted?: boolean;
  /** The case has promises in it: it runs on the event loop in every world. */
  readonly onLoop?: boolean;
  /** Why a form is left out. */
  readonly skip?: Partial<Record<FormName, string>>;
}

interface Noted {
  readonly name: string;
  readonly body: Case;
  readonly options: CaseOptions;
  readonly partnered: boolean;
}

/** How a file says what its cases are. */
export interface Cases {
  /** A case for both forms. */
  (name: string, body: Case, options?: CaseOptions): void;
  /** A case whose partner may run on another thread. (On current_thread a sendable function is called with its arguments as they are.) */
  partnered(name: string, body: Case, options?: CaseOptions): void;
  /** A test of Tokio's that has no counterpart here, and why. */
  absent(name: string, because: string): void;
}

interface World {
  readonly name: string;
  readonly form: Form;
  /** Whether what is spawned may run on another thread. */
  readonly threads?: true;
  /** Makes what runs the cases. */
  open(): Runner;
}

interface Runner {
  run(body: Case, options: CaseOptions): Promise<void>;
  close(): Promise<void>;
}

function program(body: Case, form: Form, options: CaseOptions): Coroutine<void> {
  return options.budgeted === true ? body(form) : lifted(body, form);
}

function* lifted(body: Case, form: Form): Coroutine<void> {
  yield* unconstrained(future(body, form));
}

async function onLoop(rt: Runtime, form: Form, body: Case, options: CaseOptions): Promise<void> {
  await settles(rt.run(program(body, form, options)));
  await untilNoTasks(rt);
}

/** A runtime for each case: one that failed leaves nothing to the next. */
function oneEach(
  make: () => Runtime,
  run: (rt: Runtime, body: Case, options: CaseOptions) => Promise<void>,
): Runner {
  return {
    run: async (body, options) => {
      const rt = make();
      try {
        await run(rt, body, options);
      } finally {
        rt.shutdownBackground();
      }
    },
    close: async () => {},
  };
}

const WORLDS: World[] = [
  {
    name: "plain, current_thread",
    form: plain,
    open: () =>
      oneEach(paused, async (rt, body, options) => {
        if (options.onLoop === true) return onLoop(rt, plain, body, options);
        rt.blockOn(program(body, plain, options));
        expect(rt.metrics().numAliveTasks()).toBe(0);
      }),
  },
  {
    name: "shared, current_thread",
    form: shared,
    open: () => oneEach(real, (rt, body, options) => onLoop(rt, shared, body, options)),
  },
  {
    name: "shared, multi_thread",
    form: shared,
    threads: true,
    open: () => {
      let rt: Runtime | undefined;
      return {
        run: async (body, options) => {
          rt ??= unmanned(2);
          const own = rt;
          try {
            await onLoop(own, shared, body, options);
          } catch (error) {
            // What a case that failed has left goes with its runtime.
            rt = undefined;
            own.shutdownBackground();
            throw error;
          }
        },
        close: async () => {
          if (rt !== undefined) await dismiss(rt);
        },
      };
    },
  },
];

function inWorld(world: World, noted: readonly Noted[]): void {
  const { form } = world.form;
  describe(world.name, () => {
    let runner: Runner;
    beforeAll(() => {
      runner = world.open();
    });
    afterAll(() => runner.close());
    for (const { name, body, options, partnered } of noted) {
      if (partnered && !world.threads) continue;
      const reason = options.skip?.[form];
      if (reason !== undefined) test.skip(`${name} (left out: ${reason})`, () => {});
      else test(name, () => runner.run(body, options));
    }
  });
}

/** What was reported of guards that the collector found: every case releases what it takes. */
const lost: string[] = [];

function listenForLost(): void {
  const write = process.stderr.write.bind(process.stderr) as (...args: unknown[]) => boolean;
  process.stderr.write = (...args: unknown[]): boolean => {
    if (String(args[0]).includes("the garbage collector found it")) lost.push(String(args[0]));
    return write(...args);
  };
}

/** Collects the cases of a file and makes its tests. */
export function conformance(note: (cases: Cases) => void): void {
  const noted: Noted[] = [];
  const absent: [string, string][] = [];
  const cases: Cases = Object.assign(
    (name: string, body: Case, options: CaseOptions = {}) => {
      noted.push({ name, body, options, partnered: false });
    },
    {
      partnered: (name: string, body: Case, options: CaseOptions = {}) => {
        noted.push({ name, body, options, partnered: true });
      },
      absent: (name: string, because: string) => {
        absent.push([name, because]);
      },
    },
  );
  note(cases);
  listenForLost();
  for (const world of WORLDS) inWorld(world, noted);
  test("no guard that was given up is taken for one that was lost", async () => {
    await collectGarbage();
    expect(lost).toEqual([]);
  });
  for (const [name, because] of absent)
    test.skip(`${name} (has no counterpart: ${because})`, () => {});
}
