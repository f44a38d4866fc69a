export { invert as default } from "../../../harness/work.mjs";
