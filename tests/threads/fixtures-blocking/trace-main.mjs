// A program that is traced and ends by itself.
import { main, sleep } from "tokiwa";

await main(function* () {
  yield* sleep(Number(process.argv[2] ?? 120));
});
