/** What is declared, as plain data: the scope for those who complete names and show documentation. */
import type { Span } from "../../base/span.js";
import type { Declaration, DeclaredParameter } from "../../ir/side-table.js";
import type { FileSyntax, Name, Parameter } from "../../syntax/ast.js";
import { doubtfulNames } from "../names/doubtful.js";
import { collectScope, type Scope } from "../names/scope.js";

/** What files declare, before anything of it is checked: the protocol's own, those that it imports, and the standard library. */
export function declarationsOf(
  main: FileSyntax,
  imported: readonly FileSyntax[],
  library: readonly FileSyntax[],
  sourceOf: (span: Span) => string,
): readonly Declaration[] {
  const unreported = (): void => undefined;
  const doubtful = doubtfulNames(main, imported, false);
  return declarationsIn(collectScope(main, imported, library, new Map(), unreported, doubtful), sourceOf);
}

/** Every declaration that names can mean, kind by kind in the order of the scope; of several of one name the one that counts. */
export function declarationsIn(scope: Scope, sourceOf: (span: Span) => string): readonly Declaration[] {
  interface Documented {
    readonly span: Span;
    readonly documentation: readonly string[];
  }
  const declaration = (kind: Declaration["kind"], name: Name, statement: Documented): Declaration => ({
    kind,
    name: name.text,
    file: statement.span.file,
    nameSpan: name.span,
    span: statement.span,
    documentation: statement.documentation,
    parameters: [],
  });
  return [
    ...[...scope.models.values()].map((s) => declaration("model", s.name, s)),
    ...[...scope.texts.values()].map((s) => declaration(s.kind, s.name, s)),
    ...[...scope.declaredParams.values()].map((s) => declaration("param", s.name, s)),
    ...[...scope.metrics.values()].map((s) => ({
      ...declaration("metric", s.name, s),
      parameters: s.parameters.map((parameter) => parameterOf(parameter, sourceOf)),
    })),
    ...[...scope.experiments].map(([name, s]) => ({
      ...declaration("experiment", { text: name, span: s.span }, s),
      nameSpan: s.name?.span ?? null,
    })),
    ...[...scope.lets.values()].map((s) => declaration("result", s.name, s)),
    ...[...scope.probes.values()].map((s) => declaration("result", s.as, { span: s.span, documentation: [] })),
  ];
}

function parameterOf(parameter: Parameter, sourceOf: (span: Span) => string): DeclaredParameter {
  return {
    name: parameter.name.text,
    span: parameter.name.span,
    type: parameter.type === null ? null : sourceOf(parameter.type.span),
    default: parameter.default === null ? null : sourceOf(parameter.default.span),
  };
}
