/** What the documents refer to exists: links, headings, and files that are named in passing. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join, posix } from "node:path";
import test from "node:test";
import { root } from "../support/root.js";
import { filesBelow, textOf } from "./sources.js";

const documents = filesBelow(".", ".md");
const endings = [".ts", ".mjs", ".md", ".json", ".jsonl", ".atlas", ".py", ".txt"];
const files = endings.flatMap((ending) => filesBelow(".", ending));

/** A heading's anchor, as GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

function anchorsOf(document: string): readonly string[] {
  return [...textOf(document).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => anchorOf(heading));
}

/** Why a link of a document leads nowhere; null when it does not. */
function linkFault(document: string, link: string): string | null {
  if (/^[a-z]+:/.test(link)) return null;
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? document : posix.join(posix.dirname(document), path);
  if (!existsSync(join(root, target))) return `${document}: there is no ${target}`;
  if (anchor === undefined || !target.endsWith(".md") || anchorsOf(target).includes(anchor)) return null;
  return `${document}: ${target} has no heading #${anchor}`;
}

test("links in the documents lead somewhere", () => {
  const links = documents.flatMap((document) =>
    [...textOf(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => linkFault(document, link)),
  );
  assert.ok(links.length > 100);
  assert.deepEqual(
    links.filter((fault) => fault !== null),
    [],
  );
});

test("files that the documents name exist", () => {
  const ofRepository = /^(?:src|grammar|test|docs|bench|scripts|stdlib|pipelines|training|check|lower|onnx|passes)\//;
  const named = documents.flatMap((document) =>
    [...textOf(document).matchAll(/`([\w@.-]+(?:\/[\w.-]+)+)`/g)].map(([, path = ""]) => [document, path] as const),
  );
  const checked = named.filter(([, path]) => ofRepository.test(path) && endings.includes(posix.extname(path)));
  assert.ok(checked.length > 100);
  assert.deepEqual(
    checked.filter(([, path]) => !files.some((file) => file === path || file.endsWith(`/${path}`))),
    [],
  );
});
