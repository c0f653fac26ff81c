/** Whether the texts of a set are of one kind, and the kind that its clauses are for. */
import { diagnostic } from "../../diagnostics/create.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { PromptsStatement } from "../../syntax/ast.js";
import { spanOf, type DraftInput, type TextDraft } from "./text-draft.js";

const called = { text: "a text", ids: "token ids", chat: "a conversation" } as const;

/** Reports texts of several kinds, conversations without `chat`, and clauses that the kind of the texts makes void. */
export function checkInputs(
  { name, bos, chat }: PromptsStatement,
  items: readonly TextDraft[],
  report: (d: Diagnostic) => void,
): boolean {
  const [first] = items;
  if (first === undefined) return true;
  const expected = first.input.kind;
  for (const [index, item] of items.entries()) {
    for (const [part, input] of [
      ["text", item.input],
      ["corrupt", item.corrupt],
    ] as const) {
      if (input === null || input.kind === expected) continue;
      const problem = `prompt ${index} of ${name.text} is ${called[input.kind]}, and the first one is ${called[expected]}`;
      const hint = "all prompts of a set are of one kind: declare two sets";
      report(diagnostic("A4120", spanOf(item, part), { problem }, { hint }));
      return false;
    }
  }
  const refuse = (problem: string, hint: string, span = name.span): false => {
    report(diagnostic("A4123", span, { what: "a prompt", name: name.text, problem }, { hint }));
    return false;
  };
  if (chat === null && expected === "chat") {
    return refuse(
      "is a conversation",
      "write `chat` behind the set: the tokenizer's template makes a text of each",
      spanOf(first, "text"),
    );
  }
  if (chat !== null && expected === "ids") {
    return refuse("is token ids", "ids are used as they are: leave out `chat`", chat.span);
  }
  if (chat !== null && bos !== null) {
    return refuse("begins as the template says", "leave out `bos`", chat.span);
  }
  if (bos !== null && expected === "ids") {
    const hint = "ids are used as they are written: leave out `bos`, and write the token yourself where it is wanted";
    report(diagnostic("A1004", name.span, { what: `\`bos ${bos}\``, statement: "prompts of token ids" }, { hint }));
    return false;
  }
  return chat === null || checkSystem(chat.system?.span ?? null, items, name.text, report);
}

/** Reports a conversation that has a system message of its own beside that of the clause. */
function checkSystem(
  system: TextDraft["span"] | null,
  items: readonly TextDraft[],
  name: string,
  report: (d: Diagnostic) => void,
): boolean {
  const own = ({ input, corrupt }: TextDraft): boolean => [input, corrupt].some((side) => begins(side));
  const twice = system === null ? -1 : items.findIndex(own);
  const item = items[twice];
  if (system === null || item === undefined) return true;
  const problem = "begins with a system message of its own";
  const hint = "leave out `system`, or that message";
  const related = [{ span: item.span, text: "the conversation" }];
  report(diagnostic("A4123", system, { what: `prompt ${twice}`, name, problem }, { hint, related }));
  return false;
}

function begins(input: DraftInput | null): boolean {
  return input?.kind === "chat" && input.messages[0]?.role === "system";
}
