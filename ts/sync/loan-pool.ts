// The loans of one lender: those that are in, and the records of all (lost.ts says what loans are).

import { forgetEntry, isWatched, noteEntry } from "../future/index.js";
import { type Lender, type Loan, type LoanRecord, makeLoan } from "./lost.js";

/** How many holders a report names. */
const MOST_NAMED = 4;

export class LoanPool<L extends Lender> {
  private readonly lender: L;
  /** Made with the first loan: most locks are taken, many channels give no permit. */
  private weakLender: WeakRef<L> | undefined;
  /** Loans that are in (lost.ts, L1). */
  private spare: Loan<L> | undefined;
  /** Of every loan, in or out. */
  private readonly records: LoanRecord[];

  constructor(lender: L) {
    this.lender = lender;
    this.weakLender = undefined;
    this.spare = undefined;
    this.records = [];
  }

  /** Gives a loan. @param holder the task's number, or 0. */
  lend(permits: number, holder: number, site: string | undefined): Loan<L> {
    const loan = this.spare ?? this.addLoan();
    const record = loan.record;
    this.spare = loan.next;
    // One that is out must not keep another.
    loan.next = undefined;
    record.permits = permits;
    record.holder = holder;
    record.site = site;
    if (isWatched()) noteEntry("guard", loan);
    return loan;
  }

  private addLoan(): Loan<L> {
    this.weakLender ??= new WeakRef(this.lender);
    const loan = makeLoan(this.lender, this.weakLender);
    this.records.push(loan.record);
    return loan;
  }

  /** A loan comes back. Returns how many permits were out with it: they are the caller's. */
  takeBack(loan: Loan<L>): number {
    const record = loan.record;
    const permits = record.permits;
    if (isWatched()) forgetEntry("guard", loan);
    record.permits = 0;
    loan.next = this.spare;
    this.spare = loan;
    return permits;
  }

  /** A loan was lost. */
  forget(record: LoanRecord): void {
    this.records.splice(this.records.indexOf(record), 1);
  }

  /** Who has what is out; undefined when nothing is. */
  describeHolders(describe: (record: LoanRecord) => string): string | undefined {
    const out = this.records.filter((record) => record.permits > 0);
    if (out.length === 0) return undefined;
    const named = out.slice(0, MOST_NAMED).map(describe);
    if (out.length > MOST_NAMED) named.push(`${out.length - MOST_NAMED} more`);
    return named.join(", ");
  }
}
