import { ThreadWorker } from "poolifier";
import { burn } from "../../../harness/work.mjs";

export default new ThreadWorker(burn);
