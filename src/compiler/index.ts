/** The compiler as a library: pure and synchronous. `compile.ts` is the place to read first. */
export type { SourceFile, Span } from "./base/span.js";
export { compile, type Compiled, type CompileOptions, type Facts, type Needs } from "./compile.js";
export type { Severity } from "./diagnostics/catalogue.js";
export type { Diagnostic, Fix, Label } from "./diagnostics/diagnostic.js";
export { renderDiagnostic, renderDiagnostics, toJson } from "./diagnostics/render.js";
export { definitionOf, entriesAt, referencesTo, sameSymbol, symbolAt } from "./ide/lookup.js";
export type { Plan } from "./ir/plan.js";
export type { Protocol } from "./ir/protocol.js";
export type { ResultRow } from "./ir/results.js";
export type { Declaration, Entry, SideTable, SymbolReference } from "./ir/side-table.js";
export { explainPlan } from "./lower/explain.js";
export { lowerGraph } from "./lower/graph.js";
export { planProtocol, type PlanOptions } from "./lower/plan.js";
export { encodeModel } from "./onnx/encode.js";
export { parse } from "./syntax/parse.js";
export { print } from "./syntax/print.js";
