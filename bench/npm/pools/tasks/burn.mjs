export { burn as default } from "../../../harness/work.mjs";
