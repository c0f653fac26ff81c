/** The formatter: a file's syntax as text in the one layout that the language has. */
import type { Span } from "../base/span.js";
import type { Comment, FileSyntax, Statement } from "./ast.js";
import { layOut, nextComment, onOwnLine, type PendingComments, takeComments, weaveComments } from "./layout.js";
import { printStatement } from "./print-statements.js";

/** Columns of a line; longer lists and clauses are broken. */
export const printWidth = 100;

/**
 * Prints a file. `source` is the text that the syntax was parsed from (any text, if the syntax was made otherwise and
 * has no comments): it decides which comments stand on lines of their own, and where single blank lines are kept.
 * Parsing the result gives the same syntax but for spans; printing it again gives the same text. An incomplete file
 * comes back as it is, since its syntax lacks what could not be read.
 */
export function print(file: FileSyntax, source: string): string {
  if (!file.complete) return source;
  const pending: PendingComments = { source, comments: file.comments, taken: 0 };
  const blocks: Block[] = [];
  let end = 0;
  const add = (block: Omit<Block, "blankBefore" | "comment">, span: Span): void => {
    blocks.push({ ...block, comment: null, blankBefore: blankBetween(source, end, span.start) });
    end = span.end;
  };
  const addComments = (before: number): void => {
    for (let next = nextComment(pending, before); next !== null; next = nextComment(pending, before)) {
      const last = blocks.at(-1);
      // Two comments cannot share a line, or the second would become part of the first.
      if (last?.comment === null && !last.endsInComment && !onOwnLine(source, next)) {
        blocks[blocks.length - 1] = { ...last, comment: next.text };
        end = next.span.end;
      } else add({ lines: [next.text], head: null, kind: "comment", endsInComment: true }, next.span);
    }
  };
  for (const statement of file.statements) {
    addComments(statement.span.start);
    blocks.push(...documentationOf(file.comments, statement));
    const { doc, head } = printStatement(statement);
    const printed = weaveComments(doc, pending);
    const left = takeComments(pending, statement.span.end);
    const lines = layOut([printed, left], printWidth);
    const endsInComment = Array.isArray(left) && left.length > 0;
    add({ lines, head: headOf(lines, head), kind: statement.kind, endsInComment }, statement.span);
  }
  addComments(Number.POSITIVE_INFINITY);
  return assemble(align(blocks));
}

/** Lines that belong together: a statement, or one comment. */
interface Block {
  readonly lines: readonly string[];
  /** What stands before the `from` or `=` to align at; null when the block is not aligned. */
  readonly head: string | null;
  readonly kind: Statement["kind"] | "comment";
  readonly blankBefore: boolean;
  readonly endsInComment: boolean;
  /** The comment behind the last line. */
  readonly comment: string | null;
}

/** Documentation of a tree that was made without comments. */
function documentationOf(comments: readonly Comment[], statement: Statement): readonly Block[] {
  if (comments.length > 0 || !("documentation" in statement)) return [];
  return statement.documentation.map((text) => ({
    lines: [`## ${text}`.trimEnd()],
    head: null,
    kind: "comment",
    blankBefore: false,
    endsInComment: true,
    comment: null,
  }));
}

function blankBetween(source: string, from: number, to: number): boolean {
  return from > 0 && /\n[ \t\r]*\n/.test(source.slice(from, to));
}

/** Only statements on one line are aligned; a metric's head is whatever stands before its ` = `. */
function headOf(lines: readonly string[], head: string | null): string | null {
  const [only] = lines;
  if (head === null || only === undefined || lines.length > 1 || only.includes("#")) return null;
  if (head !== "") return head;
  const parameters = /^metric \w+\(.*?\)(?= = )/.exec(only)?.[0];
  return parameters ?? null;
}

/** A wider gap than this separates more than alignment joins. */
const widestPadding = 16;

/** Pads the heads of neighbouring statements of one kind to one width, unless a line would get too long. */
function align(blocks: readonly Block[]): readonly Block[] {
  const result: Block[] = [];
  let i = 0;
  while (i < blocks.length) {
    let next = i + 1;
    const first = blocks[i];
    const joins = (block: Block | undefined): boolean =>
      block !== undefined && block.head !== null && block.kind === first?.kind && !block.blankBefore;
    while (first?.head != null && joins(blocks[next])) next++;
    const run = blocks.slice(i, next);
    const width = Math.max(...run.map((block) => block.head?.length ?? 0));
    const padded = run.map((block) => pad(block, width));
    const padding = width - Math.min(...run.map((block) => block.head?.length ?? 0));
    const fits = padding <= widestPadding && padded.every((block) => (block.lines[0]?.length ?? 0) <= printWidth);
    result.push(...(run.length > 1 && fits ? padded : run));
    i = next;
  }
  return result;
}

function pad(block: Block, width: number): Block {
  const [only = ""] = block.lines;
  if (block.head === null) return block;
  const padding = " ".repeat(width - block.head.length);
  return { ...block, lines: [block.head + padding + only.slice(block.head.length)] };
}

function assemble(blocks: readonly Block[]): string {
  const lines: string[] = [];
  for (const block of blocks) {
    if (block.blankBefore && lines.length > 0) lines.push("");
    const [last = "", ...others] = [...block.lines].reverse();
    lines.push(...others.reverse(), block.comment === null ? last : `${last}  ${block.comment}`);
  }
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}
