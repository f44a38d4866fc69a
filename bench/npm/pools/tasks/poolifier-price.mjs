import { ThreadWorker } from "poolifier";
import { price } from "../../../harness/work.mjs";

export default new ThreadWorker(price);
