// results: errors as items.

import { type Context, dropAllBecause, Pending, type Poll } from "../../future/index.js";
import { type Result, Step } from "../source.js";

export class ResultsStep<T> extends Step<T, Result<T>> {
  private failed = false;

  override pollNext(cx: Context): Poll<Result<T> | undefined> {
    if (this.failed) return undefined;
    let item: Poll<T | undefined>;
    try {
      item = this.source.pollNext(cx);
    } catch (error) {
      this.failed = true;
      return { error: dropAllBecause(error, [this.source]) };
    }
    if (item === Pending || item === undefined) return item as Pending | undefined;
    return { value: item };
  }
}
