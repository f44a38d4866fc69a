export { increment as default } from "../../../harness/work.mjs";
