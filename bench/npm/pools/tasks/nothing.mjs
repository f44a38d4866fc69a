export { nothing as default } from "../../../harness/work.mjs";
