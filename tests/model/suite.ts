// The same tests for every model: nothing fails up to its bound, nothing fails further out, if there is such, where schedules are
// only drawn, and each mutant is caught. With TOKIWA_MODEL set to a line that a failure has printed, that schedule runs and nothing else.
//
// TOKIWA_MODEL_DEEP=1 searches one preemption further, which takes minutes. What was searched stands in build/model/report-NAME.txt.

import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  askedSchedule,
  type Report,
  replayLine,
  searchAll,
  searchAtRandom,
  searchByPriorities,
} from "./explorer/explore.js";
import { ModelFailure, VARIABLE } from "./explorer/failure.js";
import type { Model, Mutant } from "./explorer/model.js";

const BUILD = new URL("../../build/model/", import.meta.url);
/** The file of this run's searches. */
let reportFile = BUILD;
const isDeep = process.env.TOKIWA_MODEL_DEEP === "1";
const isReplay = process.env[VARIABLE] !== undefined;
const DEEP_LIMIT = 3_000_000;
const DEEP_TIMEOUT_MS = 900_000;
/** The first test of a run compiles the core as well; on a machine that has other things to do that takes long. */
const TIMEOUT_MS = 600_000;

/** Drawn schedules a model, and orderings that a bug may need to be found by priorities. */
const DRAWN = 300;
const ORDERINGS = 3;
const SEED = 20;

function note(report: Report): void {
  const { model, schedules, redundant, deaths, preemptions, isComplete, milliseconds } = report;
  const bound =
    preemptions === Number.POSITIVE_INFINITY ? "all schedules" : `≤ ${preemptions} preemptions`;
  const dying = deaths === 0 ? "" : `, ${deaths} places of death`;
  const counts = `${schedules} schedules, ${redundant} given up as redundant${dying}`;
  const end = isComplete ? "complete" : "LIMIT REACHED";
  appendFileSync(
    reportFile,
    `${model}: ${bound}, ${counts}, ${end}, ${milliseconds.toFixed(0)} ms\n`,
  );
}

/** Whether there are schedules that the search leaves out. */
function isBounded(model: Model): boolean {
  return model.preemptions !== undefined || model.isDeep === true;
}

async function searchModel(model: Model): Promise<void> {
  const goesFurther = model.preemptions !== undefined && model.isDeep !== true;
  const further = goesFurther ? { preemptions: (model.preemptions ?? 0) + 1 } : {};
  const report = await searchAll(model, isDeep ? { ...further, limit: DEEP_LIMIT } : {});
  note(report);
  expect(report.isComplete, "everything up to the bound was searched").toBe(true);
  expect(report.sharedWords, "the threads have something in common").toBeGreaterThan(0);
}

async function catches(model: Model, mutant: Mutant): Promise<void> {
  const further = mutant.preemptions === undefined ? {} : { preemptions: mutant.preemptions };
  const failure = await searchAll(model, { mutant, ...further }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (failure !== undefined && !(failure instanceof ModelFailure)) throw failure;
  expect(failure, "the mutant survives: the model does not see what it breaks").toBeDefined();
}

function askedFor(models: readonly Model[]): { model: Model; mutant?: Mutant; line: string }[] {
  return models.flatMap((model) =>
    [undefined, ...model.mutants].flatMap((mutant) => {
      const line = askedSchedule(
        mutant === undefined ? model.name : `${model.name}/${mutant.name}`,
      );
      if (line === undefined) return [];
      return [mutant === undefined ? { model, line } : { model, mutant, line }];
    }),
  );
}

/** Fails as it did then; a schedule that passes is printed. Skipped where no model has the name that was asked for. */
function replayAsked(models: readonly Model[]): void {
  const [asked] = askedFor(models);
  test.skipIf(asked === undefined)("the schedule that was asked for", async () => {
    if (asked !== undefined) console.log(await replayLine(asked.model, asked.line, asked.mutant));
  });
}

function testModel(model: Model): void {
  const timeout = isDeep ? DEEP_TIMEOUT_MS : TIMEOUT_MS;
  const drawn = async (): Promise<void> => {
    await searchAtRandom(model, SEED, DRAWN);
    await searchByPriorities(model, SEED, DRAWN, ORDERINGS);
  };
  if (isBounded(model)) test("schedules drawn at random and by priorities", drawn, timeout);
  if (model.isDeep === true && !isDeep) return;
  test(model.proves, () => searchModel(model), timeout);
  for (const mutant of model.mutants)
    test(`catches: ${mutant.name}`, () => catches(model, mutant), timeout);
}

/** @param name of the file that says what was searched. */
export function describeModels(name: string, models: readonly Model[]): void {
  if (isReplay) {
    replayAsked(models);
    return;
  }
  mkdirSync(BUILD, { recursive: true });
  reportFile = new URL(`report-${name}.txt`, BUILD);
  writeFileSync(reportFile, "");
  for (const model of models) describe(model.name, () => testModel(model));
}
