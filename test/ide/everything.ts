/** A protocol with every form of statement, and what it is compiled against. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fixtureFacts, type Surroundings } from "../check/compiling.js";
import { root } from "../support/root.js";

export const everything = readFileSync(join(root, "test", "golden", "ide", "everything.atlas"), "utf8");

export const surroundings: Surroundings = {
  sideTable: true,
  models: { gpt2: await fixtureFacts("gpt2-f32"), "*": await fixtureFacts("llama-tied-f32") },
  files: {
    "shared.atlas": [
      "## Words of one mood.",
      'prompts happy_words from ["what a fine morning it is", "all is well with the world"]',
      "metric sweep_loss = loss",
      "",
    ].join("\n"),
    "story.txt": "the cat sat on the mat and looked at the dog and then it rained all day",
    "pairs.jsonl": [
      { clean: "when Tom met Ann Tom gave", corrupt: "when Tom met Ann Ann gave", answer: " Ann", distractor: " Tom" },
      { clean: "when Sam met Eve Sam gave", corrupt: "when Sam met Eve Eve gave", answer: " Eve", distractor: " Sam" },
    ]
      .map((row) => `${JSON.stringify(row)}\n`)
      .join(""),
  },
};
