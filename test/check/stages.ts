/** Protocols whose every stage is kept under test/golden/stages. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../src/runtime/models/places.js";
import { fixtureFacts, type Surroundings } from "./compiling.js";

export interface StageCase {
  readonly name: string;
  readonly text: string;
}

/** Every case, by name. */
export function stageCases(): readonly StageCase[] {
  const folder = join(packageRoot(), "test", "golden", "stages");
  return readdirSync(folder)
    .sort()
    .map((name) => ({ name, text: readFileSync(join(folder, name, "in.atlas"), "utf8") }));
}

/** What the cases are compiled against. */
export async function stageSurroundings(): Promise<Surroundings> {
  return {
    models: {
      "*": await fixtureFacts("gpt2-f32"),
      llama: await fixtureFacts("llama-tied-f32"),
      neox: await fixtureFacts("neox-parallel-f32"),
    },
    files: {
      "files/long.txt": "the cat sat on the mat and looked at the dog\n\nit rained all day\n",
      "files/probes.jsonl":
        '{"prompt": "the cat sat", "kind": "animal", "layer": 3}\n{"prompt": "it rained", "kind": "weather", "layer": 4}\n',
    },
  };
}

/** JSON with one line for whatever fits on one. */
export function compactJson(value: unknown, indent = ""): string {
  const line = JSON.stringify(value);
  if (line.length + indent.length <= 116 || typeof value !== "object" || value === null) return line;
  const inner = `${indent}  `;
  const parts = Array.isArray(value)
    ? value.map((item) => compactJson(item, inner))
    : Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${compactJson(item, inner)}`);
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  return `${open}\n${parts.map((part) => inner + part).join(",\n")}\n${indent}${close}`;
}
