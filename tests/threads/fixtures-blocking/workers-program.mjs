// Prints how many workers a runtime has that sets nothing itself, or the error.
import { main } from "tokiwa";
import { Builder, Handle } from "tokiwa/runtime";

const [mode, count] = process.argv.slice(2);
try {
  if (mode === "main") {
    const options = count === undefined ? {} : { workerThreads: Number(count) };
    await main(options, function* () {
      console.log(Handle.current().flavor, Handle.current().metrics().numWorkers());
    });
  } else {
    const rt = Builder.newMultiThread().build();
    console.log(rt.metrics().numWorkers());
    await rt.shutdown();
  }
} catch (error) {
  console.log(`${error.name}: ${error.message}`);
}
