/** Writes one file again and again until it is killed: `writer PATH`. Content: one letter, two million times. */
import { writeFileAtomic } from "../../../src/runtime/store/atomic.js";

const path = process.argv[2] ?? "";
for (let i = 0; ; i += 1) {
  await writeFileAtomic(path, Buffer.alloc(2_000_000, 97 + (i % 26)));
  if (i === 0) process.stdout.write("begun\n");
}
