/** Takes a folder and keeps it until it is killed: `holder FOLDER`. */
import { lockFolder } from "../../../src/runtime/store/lock.js";

await lockFolder(process.argv[2] ?? "");
process.stdout.write("held\n");
setInterval(() => undefined, 1000);
