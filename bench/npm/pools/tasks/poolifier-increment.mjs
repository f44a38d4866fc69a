import { ThreadWorker } from "poolifier";
import { increment } from "../../../harness/work.mjs";

export default new ThreadWorker(increment);
