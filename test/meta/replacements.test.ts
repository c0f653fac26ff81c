/**
 * The kinds of replacements are told apart in their table only, so that a new one is an entry there. Read from types: a
 * word such as "mean" is a kind of many things.
 */
import assert from "node:assert/strict";
import { join, relative, sep } from "node:path";
import test from "node:test";
import ts from "typescript";
import { root } from "../support/root.js";
import { textOf } from "./sources.js";

const table = "src/compiler/replacements/";

/**
 * Places of a program, `FILE:LINE: TEXT`, that ask which kind a `ReplacementValue` is: `.kind`, `["kind"]`, `{ kind }` and
 * `in`. `declaredIn` is the file that declares the type.
 */
function placesThatAsk(program: ts.Program, files: readonly string[], declaredIn: string): readonly string[] {
  const checker = program.getTypeChecker();
  const kinds = new Set(constituents(declaredType(program, checker, declaredIn)));
  const isReplacement = (node: ts.Node): boolean => {
    const type = checker.getTypeAtLocation(node);
    return constituents(checker.getBaseConstraintOfType(type) ?? type).every((constituent) => kinds.has(constituent));
  };
  const asks = (node: ts.Node): boolean => {
    if (ts.isPropertyAccessExpression(node)) return node.name.text === "kind" && isReplacement(node.expression);
    if (ts.isElementAccessExpression(node)) {
      const key = node.argumentExpression;
      return ts.isStringLiteral(key) && key.text === "kind" && isReplacement(node.expression);
    }
    if (ts.isBinaryExpression(node)) {
      return node.operatorToken.kind === ts.SyntaxKind.InKeyword && isReplacement(node.right);
    }
    if (!ts.isBindingElement(node)) return false;
    return (node.propertyName ?? node.name).getText() === "kind" && isReplacement(node.parent);
  };
  return files.flatMap((file) => {
    const source = program.getSourceFile(file);
    assert.ok(source !== undefined, `${file} is in the program`);
    const places: string[] = [];
    const visit = (node: ts.Node): void => {
      if (asks(node)) {
        const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
        places.push(`${pathOf(file)}:${line}: ${node.getText()}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    return places;
  });
}

function pathOf(file: string): string {
  return relative(root, file).split(sep).join("/");
}

function constituents(type: ts.Type): readonly ts.Type[] {
  return type.isUnion() ? type.types : [type];
}

function declaredType(program: ts.Program, checker: ts.TypeChecker, file: string): ts.Type {
  const declaration = program
    .getSourceFile(file)
    ?.statements.find(
      (s): s is ts.TypeAliasDeclaration => ts.isTypeAliasDeclaration(s) && s.name.text === "ReplacementValue",
    );
  assert.ok(declaration !== undefined, `${file} declares ReplacementValue`);
  return checker.getTypeAtLocation(declaration.name);
}

function configured(): ts.ParsedCommandLine {
  const path = join(root, "tsconfig.json");
  const { config } = ts.readConfigFile(path, (file) => ts.sys.readFile(file)) as { readonly config: unknown };
  return ts.parseJsonConfigFileContent(config, ts.sys, root);
}

test("only the table of replacements asks for the kind of one", () => {
  const { fileNames, options } = configured();
  // A file comes by a replacement through this property or this type; the types of all files would take three times as long.
  const files = fileNames.filter(
    (file) => pathOf(file).startsWith("src/") && /replacement/i.test(textOf(pathOf(file))),
  );
  const program = ts.createProgram(files, { ...options, incremental: false, noEmit: true });
  const asking = placesThatAsk(program, files, join(root, "src/compiler/ir/protocol.ts"));
  const [inTable, elsewhere] = [true, false].map((within) =>
    asking.filter((place) => place.startsWith(table) === within),
  );
  assert.ok((inTable ?? []).length > 0, `${table} asks, so that this test sees what it looks for`);
  assert.deepEqual(
    elsewhere,
    [],
    `what depends on the kind of a replacement belongs to its entry in ${table}; ask the table instead ` +
      "(`carrierOf`, `fedValueOf`, `computedValueOf`, …)",
  );
});

test("what the test takes for asking", () => {
  const file = join(root, "asking.ts");
  const text = [
    "type ReplacementValue = { kind: 'zero' } | { kind: 'mean'; of: string };",
    "type Other = { kind: 'zero' } | { kind: 'sum' };",
    "const a = (r: ReplacementValue): boolean => r.kind === 'zero';",
    "const b = ({ kind }: ReplacementValue): string => kind;",
    "const c = (r: ReplacementValue): boolean => 'of' in r;",
    "const d = <R extends ReplacementValue>(r: R): string => r['kind'];",
    "const e = (r: Other): string => r.kind;",
    "const f = (r: Extract<ReplacementValue, { kind: 'mean' }>): string => r.of;",
  ].join("\n");
  const host = ts.createCompilerHost({});
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const program = ts.createProgram(
    [file],
    { noLib: true, types: [] },
    { ...host, getSourceFile: (name) => (name === file ? source : undefined) },
  );
  assert.deepEqual(placesThatAsk(program, [file], file), [
    "asking.ts:3: r.kind",
    "asking.ts:4: kind",
    "asking.ts:5: 'of' in r",
    "asking.ts:6: r['kind']",
  ]);
});
