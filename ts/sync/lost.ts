// Loans: how a lock learns that a guard or permit was lost to the garbage collector, and where that one had been taken.
//
// A lock has as many loans as it ever had guards at once. A guard that is made takes a loan along, one that is released
// brings it back; the collector watches the loans and not the guards, so nothing is registered per acquisition.
//
// L1  A loan is held in one place: its lock's stack while it is in, the guard while it is out. So it is collected only
//     together with its lock, or with a guard that nobody released.
// L2  What the registry holds, the record, holds the lock weakly: it keeps neither the lock nor a guard alive.
// L3  The collector tells of what it found between turns of the event loop, so never under `blockOn`, and when it likes.
// L4  A place is kept as text: the frames of an Error keep their receivers alive, and one of those may hold the guard.

import { isWatched, report } from "../future/index.js";

/** What gives loans. */
export interface Lender {
  /** The class of what it lends, for reports. */
  readonly guardName: string;
  /** A guard with so many permits was lost. */
  recover(record: LoanRecord): void;
}

/** What is known of a loan, also after it was lost. */
export class LoanRecord {
  readonly lender: WeakRef<Lender>;
  /** Permits that are out with it; 0 while it is in. */
  permits: number;
  /** The number of the task that took it; 0 if it was no task, or one whose executor gives no numbers. */
  holder: number;
  site: string | undefined;

  constructor(lender: WeakRef<Lender>) {
    this.lender = lender;
    this.permits = 0;
    this.holder = 0;
    this.site = undefined;
  }

  /** Who has it, for reports. */
  describe(): string {
    const holder = this.holder > 0 ? `task ${this.holder}` : "somebody";
    return this.site === undefined ? holder : `${holder} ${this.site}`;
  }
}

/** What a guard holds. */
export class Loan<L extends Lender = Lender> {
  readonly lender: L;
  readonly record: LoanRecord;
  /** The one below it in its lender's stack. */
  next: Loan<L> | undefined;

  constructor(lender: L, record: LoanRecord) {
    this.lender = lender;
    this.record = record;
    this.next = undefined;
  }

  /** For leak checks. */
  describeForCensus(): string {
    return `a ${this.lender.guardName}, taken by ${this.record.describe()}`;
  }
}

const registry: FinalizationRegistry<LoanRecord> =
  /* @__PURE__ */ new FinalizationRegistry<LoanRecord>(recoverLost);

/** A new loan, watched from here on. */
export function makeLoan<L extends Lender>(lender: L, weakLender: WeakRef<L>): Loan<L> {
  const record = new LoanRecord(weakLender);
  const loan = new Loan(lender, record);
  registry.register(loan, record);
  return loan;
}

function recoverLost(record: LoanRecord): void {
  const lender = record.lender.deref();
  if (lender === undefined) return;
  const text = describeLoss(lender.guardName, record);
  sitesLeft = Math.max(sitesLeft, SITES);
  lender.recover(record);
  reportOnce(text);
}

/** Losses of one place are told of once: a loop would fill the log. */
const MOST_REPORTS = 1_000;
const reported: Set<string> = /* @__PURE__ */ new Set();

function reportOnce(text: string): void {
  if (reported.has(text) || reported.size >= MOST_REPORTS) return;
  reported.add(text);
  report(text);
}

function describeLoss(name: string, record: LoanRecord): string {
  const hint =
    record.site === undefined
      ? ` The next ${SITES} acquisitions note their places; \`trackGuardSites(true)\` has all of them do so.`
      : "";
  return (
    `tokiwa: a ${name} was dropped without being released, and the garbage collector found it: what it held is released now. ` +
    `It was taken by ${record.describe()}. Write \`using guard = …\`, or release it in a \`finally\`.${hint}`
  );
}

/** How many acquisitions note where they were made, at the start and after each loss: four microseconds each. */
const SITES = 1_000;
let sitesLeft: number = SITES;
let always = false;

/**
 * Whether every guard and permit of this thread notes where it was taken, for the reports of those that are lost and of
 * deadlocks. That costs some microseconds for each.
 *
 * Without it the first 1000 of the thread do, and another 1000 after each loss. With `false` none does until the next loss.
 */
export function trackGuardSites(on: boolean): void {
  always = on;
  sitesLeft = on ? SITES : 0;
}

/**
 * Where `entry`, the method of this library that is under way, was called; undefined when it should not cost anything. A leak check
 * wants all.
 */
export function siteOf(entry: (...args: never[]) => unknown): string | undefined {
  return sitesLeft > 0 || isWatched() ? captureSite(entry) : undefined;
}

/** Not every engine has both. */
interface StackCapture {
  stackTraceLimit?: number;
  captureStackTrace?: (target: object, above: (...args: never[]) => unknown) => void;
}

function captureSite(entry: (...args: never[]) => unknown): string | undefined {
  if (!always && sitesLeft > 0) sitesLeft -= 1;
  const capture = Error as unknown as StackCapture;
  if (capture.captureStackTrace === undefined) return undefined;
  const limit = capture.stackTraceLimit;
  const target: { stack?: unknown } = {};
  // One frame: each costs two microseconds.
  if (limit !== undefined) capture.stackTraceLimit = 1;
  capture.captureStackTrace(target, entry);
  // A hook of the program's may give anything for a stack.
  const site = siteIn(String(target.stack));
  if (limit !== undefined) capture.stackTraceLimit = limit;
  return site;
}

/** The first frame of a stack: `    at worker (file.ts:3:5)`, or `worker@file.js:3:5`. */
function siteIn(stack: string): string | undefined {
  const line = stack.split("\n").find((text) => /:\d+:\d+/.test(text));
  return line === undefined ? undefined : `at ${line.trim().replace(/^at /, "")}`;
}
