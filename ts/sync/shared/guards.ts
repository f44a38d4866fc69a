// Guards and permits of shared primitives: claims that hold something, watched as the plain ones are (ts/sync/lost.ts). The lender
// is the thread's view of the memory and not the lock, whose handle may be lost together with the guard.

import { currentContext } from "../../future/index.js";
import { ReleasedGuardError } from "../errors.js";
import { LoanPool } from "../loan-pool.js";
import type { Lender, Loan, LoanRecord } from "../lost.js";
import type { SharedHome } from "./home.js";

/** Lends for one kind of guard. A record's `permits` is the claim that the guard holds. */
class SharedLender implements Lender {
  readonly guardName: string;
  private readonly home: SharedHome;
  private readonly loans: LoanPool<this>;

  constructor(home: SharedHome, guardName: string) {
    this.home = home;
    this.guardName = guardName;
    this.loans = new LoanPool(this);
  }

  lend(claim: number, site: string | undefined): Loan<this> {
    return this.loans.lend(claim, currentContext()?.id ?? 0, site);
  }

  /** A loan comes back; the claim is the caller's. */
  takeBack(loan: Loan<this>): number {
    return this.loans.takeBack(loan);
  }

  recover(record: LoanRecord): void {
    this.loans.forget(record);
    this.home.core.dropClaim(record.permits);
    this.home.settle();
  }
}

function lenderOf(home: SharedHome, guardName: string): SharedLender {
  home.lenders[guardName] ??= new SharedLender(home, guardName);
  return home.lenders[guardName] as SharedLender;
}

/** Holds a claim until it is released. It is not a handle of its own: it is lost and found by its loan. */
export abstract class SharedGuard implements Disposable {
  protected readonly home: SharedHome;
  private readonly guardName: string;
  private loan: Loan<SharedLender> | undefined;

  /** @internal What to write instead when somebody tries to send it to another thread. */
  get "~instead"(): string {
    return "release it, or send what it guards";
  }

  /** Goes with whoever has it. */
  get "~owned"(): true {
    return true;
  }

  /** @internal */
  constructor(home: SharedHome, claim: number, guardName: string, site: string | undefined) {
    this.home = home;
    this.guardName = guardName;
    this.loan = lenderOf(home, guardName).lend(claim, site);
  }

  /** The claim of a guard that has not been released. */
  protected held(): number {
    const loan = this.loan;
    if (loan === undefined) throw new ReleasedGuardError(this.guardName);
    return loan.record.permits;
  }

  protected isHeld(): boolean {
    return this.loan !== undefined;
  }

  protected siteTaken(): string | undefined {
    return this.loan?.record.site;
  }

  /** Gives the claim away. */
  protected surrender(): number {
    const claim = this.held();
    const loan = this.loan as Loan<SharedLender>;
    this.loan = undefined;
    loan.lender.takeBack(loan);
    return claim;
  }

  protected giveBack(): void {
    if (this.loan === undefined) return;
    const claim = this.surrender();
    this.home.core.dropClaim(claim);
    this.home.settle();
  }

  /** Gives back what it holds. Harmless when done twice. */
  [Symbol.dispose](): void {
    this.giveBack();
  }
}
