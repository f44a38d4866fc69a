export { price as default } from "../../../harness/work.mjs";
