/** Fields whose names say which part they play, so that no clause need say it. */
import type { FileFact } from "../../base/file-fact.js";
import type { CorpusStatement, FieldOption, PromptsStatement, TextSource } from "../../syntax/ast.js";
import { recordsOf } from "./text-files.js";
import { textFileName } from "./texts.js";
import { formatOf } from "../../base/text-format.js";

/**
 * A declaration with the clauses that the fields of its records stand for. Where every record has a value in `clean` and
 * one in `corrupt`, and none is called `text`, they are pairs; `answer` and `distractor` are answers, `continuation` what follows; and of records
 * without any of these texts `messages` are the texts. A clause that is written comes first. The same for records of
 * files and of the protocol.
 */
export function withStandardFields(
  statement: PromptsStatement,
  files: ReadonlyMap<string, FileFact>,
): PromptsStatement {
  const names = fieldsOfAll(statement, files);
  if (names === null) return statement;
  const { span } = statement.source;
  const fields = [...statement.fields];
  const says = (part: FieldOption["part"]): boolean => fields.some((option) => option.part === part);
  const add = (part: FieldOption["part"], field: string = part): void => {
    fields.push({ part, field: { kind: "string", value: field, span }, span });
  };
  if (!says("text") && !says("clean") && !says("corrupt") && !names.has("text")) {
    if (names.has("clean") && names.has("corrupt")) {
      add("clean");
      add("corrupt");
    } else if (names.has("messages")) add("text", "messages");
  }
  if (!says("answer") && names.has("answer")) add("answer");
  if (!says("distractor") && says("answer") && names.has("distractor")) add("distractor");
  if (!says("continuation") && names.has("continuation")) add("continuation");
  return fields.length === statement.fields.length ? statement : { ...statement, fields };
}

/** {@link withStandardFields} of every prompt set; of files that are not read yet nothing is known. */
export function textsWithStandardFields(
  texts: ReadonlyMap<string, PromptsStatement | CorpusStatement>,
  files: ReadonlyMap<string, FileFact>,
): ReadonlyMap<string, PromptsStatement | CorpusStatement> {
  return new Map(
    [...texts].map(([name, statement]) => [
      name,
      statement.kind === "prompts" ? withStandardFields(statement, files) : statement,
    ]),
  );
}

/** Names of the fields that every record of a source has a value in; null where not all of its texts are records. */
function fieldsOfAll(statement: PromptsStatement, files: ReadonlyMap<string, FileFact>): ReadonlySet<string> | null {
  let common: Set<string> | null = null;
  const meet = (own: ReadonlySet<string>): void => {
    common = common === null ? new Set(own) : new Set([...common].filter((name) => own.has(name)));
  };
  const visit = (part: TextSource): boolean => {
    switch (part.kind) {
      case "random":
        return false;
      case "groups":
        return part.groups.every((group) => visit(group.source));
      case "file": {
        const fact = files.get(textFileName(part.path, statement));
        const format = formatOf(part.path.value, statement.asText !== null);
        if (fact === undefined || "problem" in fact || typeof format !== "string" || format === "plain") return false;
        const records = recordsOf(format, fact);
        if ("problem" in records) return false;
        for (const { fields } of records) {
          const own = [...fields].filter(([, value]) => value !== null && value !== "");
          meet(new Set(own.map(([name]) => name)));
        }
        return true;
      }
      case "list":
        return part.items.every((item) => {
          if (item.kind !== "record") return false;
          const own = item.fields.filter(({ value }) => value.kind !== "word" || value.text !== "null");
          meet(new Set(own.map(({ name }) => name.text)));
          return true;
        });
    }
  };
  return visit(statement.source) ? common : null;
}
