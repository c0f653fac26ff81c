/** Calls of the measurement language: functions, and metrics, which are unfolded. */
import { nearestNames } from "../../base/suggest.js";
import type { Span } from "../../base/span.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { Expression, MetricStatement, Name, NamedArgument, Parameter } from "../../syntax/ast.js";
import { isSite } from "../../models/sites.js";
import { bindParameter } from "./arguments.js";
import { elaborateFunction } from "./function-calls.js";
import { functionNames, resultFunctions } from "../names/functions.js";
import { functions } from "../../operations/written.js";
import { calleeMeaning } from "../names/meaning.js";
import { reportError, tooMany, wrongKind, type ErrorDetails } from "../faults.js";
import { meantBy } from "../names/meant.js";
import { limits } from "../limits.js";
import { mayUseStandard } from "./standard-limits.js";
import { noteValue } from "./value-notes.js";
import { errorValue, type Elaboration, type Environment, type Value } from "./values.js";

type CallLike = Extract<Expression, { kind: "call" | "metricUse" }>;

export function elaborateCall(cx: Elaboration, environment: Environment, call: CallLike): Value {
  const callee = call.kind === "call" ? call.callee : call.metric;
  const value = elaborateCallee(cx, environment, call, callee);
  noteValue(cx, callee.span, value);
  return value;
}

function elaborateCallee(cx: Elaboration, environment: Environment, call: CallLike, callee: Name): Value {
  const meaning = calleeMeaning(cx.scope, call);
  if (meaning?.kind === "metric") {
    if (call.kind === "metricUse") return unfoldMetric(cx, environment, meaning.metric, [], call.arguments, call.span);
    const [axis] = [...call.over, ...call.between];
    if (axis === undefined) {
      return unfoldMetric(cx, environment, meaning.metric, call.positional, call.named, call.span);
    }
    // A metric without parameters is a whole measurement: what is meant is its formula for other values.
    const details =
      meaning.metric.parameters.length === 0
        ? argumentsHint(cx, meaning.metric, call.positional, axis.text)
        : { hint: `reduce its result instead: mean(${callee.text}(…) over ${axis.text})` };
    return reportError(cx, "A3008", axis.span, { metric: callee.text }, details);
  }
  if (meaning?.kind === "site") {
    return wrongKind(cx, call.span, `${callee.text}[L5] with square brackets`, cx.sourceOf(call.span));
  }
  if (call.kind === "call" && meaning?.kind === "function") {
    return elaborateFunction(cx, environment, call, meaning.shape);
  }
  return unknownCallee(cx, callee, call.kind === "call");
}

/** Reports an argument for a parameter that the metric does not have. */
export function unknownArgument(
  cx: Pick<Elaboration, "report">,
  metric: MetricStatement,
  { name: { text, span } }: NamedArgument,
): Value {
  const names = metric.parameters.map((p) => p.name.text);
  const suggestions = nearestNames(text, names);
  const metricName = metric.name.text;
  const hint = names.length === 0 ? "it has no parameters" : `it has ${names.join(", ")}`;
  return reportError(cx, "A2005", span, { name: text, metric: metricName }, { suggestions, hint });
}

/** Reports a name that is neither a metric nor, where a call is written with parentheses, a function. */
export function unknownCallee(
  cx: Pick<Elaboration, "report" | "scope">,
  callee: { readonly text: string; readonly span: Span },
  inCall: boolean,
): Value {
  const { text } = callee;
  const instead = resultFunctions.get(text);
  const valid = inCall ? [...cx.scope.metrics.keys(), ...functionNames] : [...cx.scope.metrics.keys()];
  const isFunction = !inCall && functions.has(text);
  const hint = isFunction ? `${text} is a function: write ${text}(…)` : instead;
  const details = hint === undefined ? meantBy(text, valid) : { hint };
  return reportError(cx, "A2001", callee.span, { kind: inCall ? "metric or function" : "metric", name: text }, details);
}

/** `a → b → a`: the part of what is being unfolded from the first use of `name` on. */
export function cycleText(unfolding: readonly string[], name: string): string {
  return [...unfolding.slice(unfolding.indexOf(name)), name].join(" → ");
}

/** Counts a definition that is unfolded. Where there are too many, the first one too many is reported, and none is unfolded any more. */
export function mayUnfold(cx: Elaboration, span: Span, what: string, things: string): boolean {
  if (++cx.work.unfolded <= limits.unfolded) return true;
  const hint = "a definition that uses another one several times doubles with every step";
  if (cx.work.unfolded === limits.unfolded + 1) tooMany(cx, span, "unfolded", cx.work.unfolded, what, things, hint);
  return false;
}

/** Unfolds a metric: binds its parameters and elaborates its body. */
export function unfoldMetric(
  cx: Elaboration,
  environment: Environment,
  metric: MetricStatement,
  positional: readonly Expression[],
  named: readonly NamedArgument[],
  span: Span,
): Value {
  const name = metric.name.text;
  if (environment.unfolding.includes(name)) {
    return reportError(cx, "A2006", span, { name, path: cycleText(environment.unfolding, name) });
  }
  const { parameters } = metric;
  const byName = new Map<string, { argument: Expression; span: Span }>();
  if (positional.length > parameters.length) {
    const limit = { expected: `at most ${parameters.length} arguments to ${name}`, found: `${positional.length}` };
    return reportError(cx, "A3004", span, limit, argumentsHint(cx, metric, positional));
  }
  positional.forEach((argument, i) => {
    const parameter = parameters[i];
    if (parameter !== undefined) byName.set(parameter.name.text, { argument, span: argument.span });
  });
  for (const argument of named) {
    const key = argument.name.text;
    if (!parameters.some((p) => p.name.text === key)) {
      return unknownArgument(cx, metric, argument);
    }
    if (byName.has(key)) {
      return reportError(cx, "A1003", argument.name.span, { what: `the argument ${key}` });
    }
    byName.set(key, { argument: argument.value, span: argument.span });
  }

  if (!mayUseStandard(cx, metric, span)) return errorValue;
  if (!mayUnfold(cx, span, `measuring ${name}`, "uses of metrics")) return errorValue;
  const values = new Map<string, Value>();
  const axes = new Map<string, string>();
  let sound = true;
  for (const parameter of parameters) {
    const given = byName.get(parameter.name.text);
    const expression = given?.argument ?? parameter.default;
    if (expression === null) {
      return reportError(
        cx,
        "A2007",
        span,
        { name: parameter.name.text, metric: name },
        { hint: `write ${exampleUse(metric, parameter)}` },
      );
    }
    // A default is written in the metric's own file: its mistakes are shown where the metric is used.
    const inner = given === undefined ? reportingAt(cx, span, metric, parameter) : cx;
    const scope = given === undefined ? { ...environment, values, axes } : environment;
    const value = bindParameter(inner, scope, parameter, expression, axes);
    noteValue(cx, parameter.name.span, value);
    if (value.kind === "error") sound = false;
    values.set(parameter.name.text, value);
  }
  if (!sound) return errorValue;
  const inner = { values, axes, unfolding: [...environment.unfolding, name] };
  return cx.elaborate(reportingAt(cx, span, metric, null), inner, metric.body);
}

/** What to write instead of `rank(x)` and `prob(" Mary")`: metrics that stand for a whole measurement. */
function argumentsHint(
  cx: Elaboration,
  metric: MetricStatement,
  given: readonly Expression[],
  axis: string | null = null,
): ErrorDetails {
  const name = metric.name.text;
  if (metric.parameters.length > 0) return {};
  const texts = given.map(({ span }) => cx.sourceOf(span));
  const written = metric.span.file.startsWith("@stdlib/")
    ? formulaOf(name, texts, given.length > 0 && given.every(({ kind }) => kind === "string"), axis)
    : null;
  const whole = `${name} takes none: \`measure ${name}\` is all of it`;
  return { hint: written === null ? whole : `${whole}; of other values it is \`${written}\`` };
}

/** The formula of a metric of the standard library for values that a use names. */
function formulaOf(
  name: string,
  [first = "x", second = "y"]: readonly string[],
  tokens: boolean,
  axis: string | null,
): string | null {
  if (name === "rank") return tokens ? `sum(logits at last > logits[${first}] at last over vocab)` : `PR(${first})`;
  if (name === "prob" && tokens) return `exp(logprobs[${first}] at last)`;
  if (name === "logit_diff" && tokens) return `logits[${first}] at last - logits[${second}] at last`;
  if (name === "entropy") return entropyOf(first, axis);
  if (name === "loss") return `mean(${first} over ${axis ?? "pos"})`;
  if (name === "perplexity") return `exp(mean(${first} over pos))`;
  if (name === "accuracy") return `mean(argmax(logits at 0..-2 over vocab) is target over pos)`;
  return null;
}

/** The entropy of shares, or of what softmax makes into shares: never of a softmax of a softmax. */
function entropyOf(value: string, axis: string | null): string {
  const isPattern = /^pattern\b/.test(value);
  const along = axis ?? (isPattern ? "key" : "vocab");
  const shares = isPattern || value.startsWith("softmax(") ? value : `softmax(${value} over ${along})`;
  return `sum(entr(${shares}) over ${along})`;
}

function exampleUse({ name: { text: metric }, body }: MetricStatement, parameter: Parameter): string {
  const name = parameter.name.text;
  if (parameter.type?.kind === "tensor") return `${metric}(resid_post[L5]), or another tensor`;
  const type = parameter.type?.name ?? (isLayer(body, name) ? "layer" : "count");
  const value = type === "layer" ? "L5" : type === "token" ? "answer" : "16";
  return `${metric} ${name} ${value}, or ${metric}(${name}: ${value}) inside an expression`;
}

/** Whether a parameter without a type is used as a layer somewhere: `resid_post[depth - 1]`. */
function isLayer(part: unknown, parameter: string): boolean {
  if (typeof part !== "object" || part === null) return false;
  const { kind, base, indices } = part as Partial<Extract<Expression, { kind: "index" }>>;
  if (kind === "index" && base?.kind === "name" && isSite(base.text) && namesOf(indices).has(parameter)) return true;
  return Object.entries(part).some(([key, inner]) => key !== "span" && isLayer(inner, parameter));
}

/** Names that stand in indices, also as a part of `layer - 1`. */
function namesOf(indices: readonly Expression[] = []): ReadonlySet<string> {
  return new Set(
    indices.flatMap((index) => {
      const parts = index.kind === "binary" ? [index.left, index.right] : [index];
      return parts.flatMap((part) => (part.kind === "name" ? [part.text] : []));
    }),
  );
}

/**
 * Reports what is wrong inside a metric (its default for `parameter`, or its body) where a reader can act on it: in
 * another file, at the use of the metric, with the place inside as a related one; in the same file, where it is wrong,
 * with the use as a related place.
 */
function reportingAt(cx: Elaboration, use: Span, metric: MetricStatement, parameter: Parameter | null): Elaboration {
  const inside = parameter === null ? `in the definition of ${metric.name.text}` : "the default is written here";
  const report = (d: Diagnostic): void => {
    const { primary } = d;
    if (primary === null || primary.span.file === use.file) {
      const related = d.related.some((label) => label.text.endsWith("is used here"))
        ? d.related
        : [...d.related, { span: use, text: `${metric.name.text} is used here` }];
      cx.report(primary === null ? d : { ...d, related });
      return;
    }
    cx.report({
      ...d,
      primary: { span: use, text: parameter === null ? "" : `uses the default of ${parameter.name.text}` },
      related: [
        ...d.related.filter((label) => label.span.file !== use.file),
        { span: primary.span, text: primary.text === "" ? inside : primary.text },
      ],
      ...(parameter === null || d.hint !== undefined
        ? {}
        : { hint: `give it explicitly: ${exampleUse(metric, parameter)}` }),
      // An edit belongs to the file that it was made for.
      fixes: [],
    });
  };
  return { ...cx, report };
}
