import { ThreadWorker } from "poolifier";
import { invert } from "../../../harness/work.mjs";

export default new ThreadWorker(invert);
