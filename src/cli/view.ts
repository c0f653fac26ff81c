/** `atlasc view`. */
import { diagnostic } from "../compiler/diagnostics/create.js";
import { errorCode, reasonOf } from "../runtime/store/fault.js";
import { startViewServer } from "../runtime/view/server.js";
import { exitCodes } from "./exit-codes.js";
import { messages, output } from "./screen.js";
import { printRejection } from "./source.js";

/** Serves until it is interrupted, which is how it ends well. */
export async function viewCommand(folder: string, { port }: { readonly port?: number }): Promise<number> {
  let server: Awaited<ReturnType<typeof startViewServer>>;
  try {
    server = await startViewServer(folder, port ?? 0);
  } catch (error) {
    if (errorCode(error) === "EADDRINUSE" || errorCode(error) === "EACCES") {
      messages.line(
        `atlasc: cannot listen at port ${port ?? 0}: ${reasonOf(error)}. Without --port a free one is taken.`,
      );
    } else printRejection([diagnostic("A5011", null, { run: folder, problem: reasonOf(error) })], new Map(), false);
    return exitCodes.wrongInput;
  }
  const interrupted = new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  output.line(`Runs of ${folder}: ${server.address}`);
  output.line("Ctrl-C ends it.");
  await interrupted;
  await server.close();
  return exitCodes.done;
}
