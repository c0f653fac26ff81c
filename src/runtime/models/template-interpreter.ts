/**
 * The template library's interpreter with the answers of Python's Jinja, which decides in transformers. The library calls
 * its own methods by name, so that those put in their place here see every expression before it does.
 */
import {
  areEqual,
  capitalized,
  checkJson,
  isList,
  isMapping,
  isText,
  nameOf,
  numberOf,
  printed,
  refuse,
  stripped,
  titled,
  titledWords,
  wordsOf,
  type RuntimeValue,
} from "./template-python.js";
import { given, sourceOf, topOf, type Interpreter, type TemplateNode, type TemplateScope } from "./template-nodes.js";

/** What is evaluated of a call or a filter before the library sees it. */
interface Applied {
  readonly name: string;
  readonly node: TemplateNode;
  readonly scope: TemplateScope;
  readonly value: RuntimeValue;
  readonly args: readonly RuntimeValue[];
  readonly named: readonly string[];
}

const expressions: ReadonlySet<string> = new Set(
  (
    "IntegerLiteral FloatLiteral StringLiteral ArrayLiteral TupleLiteral ObjectLiteral Identifier CallExpression " +
    "MemberExpression UnaryExpression BinaryExpression FilterExpression TestExpression SelectExpression Ternary"
  ).split(" "),
);

/** How many arguments methods of texts take in the library: it ignores others, which Python reads or refuses. */
const argumentsOf: Readonly<Record<string, number>> = {
  upper: 0,
  lower: 0,
  startswith: 1,
  endswith: 1,
  split: 2,
  replace: 3,
};

/** What Python gives one after the other, so that it has no length and cannot be printed. */
const lazyFilters: ReadonlySet<string> = new Set(
  "map select reject selectattr rejectattr reverse unique items".split(" "),
);
const views: ReadonlySet<string> = new Set(["items", "keys", "values"]);
const lineEnds = /[\r\v\f\x1c-\x1e\x85\u2028\u2029]/;

/** Puts the rules of Python in the place of the library's. `inner` makes a scope inside another. */
export function followPython(interpreter: Interpreter, inner: (scope: TemplateScope) => TemplateScope): Interpreter {
  const evaluate = interpreter.evaluate.bind(interpreter);
  const evaluateFor = interpreter.evaluateFor.bind(interpreter);
  const evaluateMacro = interpreter.evaluateMacro.bind(interpreter);
  const blocks = new WeakSet<object>();
  const loops: { ended: boolean }[] = [];
  const lazy = new WeakSet<RuntimeValue>();
  const tuples = new WeakSet<RuntimeValue>();
  let left: "Break" | "Continue" | null = null;

  const literal = (type: string, value: unknown, scope: TemplateScope): RuntimeValue =>
    evaluate({ type, value }, scope);
  const text = (value: string, scope: TemplateScope): RuntimeValue => literal("StringLiteral", value, scope);
  const whole = (value: number, scope: TemplateScope): RuntimeValue => literal("IntegerLiteral", value, scope);
  const list = (items: readonly RuntimeValue[], scope: TemplateScope): RuntimeValue =>
    literal("ArrayLiteral", items.map(given), scope);
  const truth = (holds: boolean, scope: TemplateScope): RuntimeValue =>
    evaluate({ type: "Identifier", value: holds ? "true" : "false" }, topOf(scope));
  const run = (node: unknown, scope: TemplateScope): RuntimeValue => interpreter.evaluate(node as TemplateNode, scope);
  const isLazy = (value: RuntimeValue): boolean => lazy.has(value);
  const print = (value: RuntimeValue): string =>
    isLazy(value) ? refuse("the template prints what Python gives item by item") : printed(value, tuples);

  interpreter.evaluate = (node, scope) => {
    switch (node?.type) {
      case "Given":
        return node["value"] as RuntimeValue;
      case "BinaryExpression":
        return binary(node, scope);
      case "MemberExpression":
        return member(node, scope);
      case "CallExpression":
        return call(node, scope);
      case "FilterExpression":
        return filter(node, scope);
      case "TestExpression":
        return testOf(node, scope);
      default:
        return evaluate(node, scope);
    }
  };

  // Python prints `None`, `True` and lists; statements have no value. A round of a loop has names of its own, and keeps
  // what it wrote before it is left.
  interpreter.evaluateBlock = (nodes, scope) => {
    const loop = blocks.has(nodes) ? loops.at(-1) : undefined;
    if (loop?.ended === true) return text("", scope);
    const own = loop === undefined ? scope : inner(scope);
    let made = "";
    for (const node of nodes) {
      if (node.type === "Break" || node.type === "Continue") left = node.type;
      else {
        const value = interpreter.evaluate(node, own);
        if (node.type !== "Comment") {
          made += expressions.has(node.type) ? print(value) : isText(value) ? value.value : "";
        }
      }
      // The blocks around it end, too, up to that of the loop.
      if (left !== null) break;
    }
    if (loop !== undefined) {
      loop.ended = left === "Break";
      left = null;
    }
    return text(made, scope);
  };

  interpreter.evaluateFor = (node, scope) => {
    blocks.add(node["body"] as object);
    loops.push({ ended: false });
    try {
      return evaluateFor(node, scope);
    } finally {
      loops.pop();
    }
  };

  // A macro sees the names of where it stands, not of where it is called.
  interpreter.evaluateMacro = (node, scope) => {
    const made = evaluateMacro(node, scope);
    const macro = scope.variables.get(String((node["name"] as TemplateNode)["value"]));
    if (macro === undefined) return made;
    const call = macro.value as (args: unknown, from: TemplateScope) => RuntimeValue;
    macro.value = (args: unknown, from: TemplateScope): RuntimeValue => {
      const own = inner(scope);
      const caller = from.variables.get("caller");
      if (caller !== undefined) own.variables.set("caller", caller);
      return call(args, own);
    };
    return made;
  };

  function binary(node: TemplateNode, scope: TemplateScope): RuntimeValue {
    const operator = (node["operator"] as { readonly value: string }).value;
    if (operator === "and" || operator === "or") return evaluate(node, scope);
    const [left, right] = [run(node["left"], scope), run(node["right"], scope)];
    const [a, b] = [numberOf(left), numberOf(right)];
    if (operator === "==" || operator === "!=") {
      if (isLazy(left) || isLazy(right)) refuse("the template compares what Python gives item by item");
      return truth(areEqual(left, right) === (operator === "=="), scope);
    }
    if (operator === "~") return text(print(left) + print(right), scope);
    if ((operator === "in" || operator === "not in") && isList(right)) {
      return truth(right.value.some((item) => areEqual(left, item)) === (operator === "in"), scope);
    }
    if (operator === "+" && isText(left) !== isText(right)) {
      throw new Error(`the template adds ${nameOf(left)} and ${nameOf(right)}`);
    }
    if (["/", "//", "%"].includes(operator) && b === 0) throw new Error("the template divides by zero");
    if (operator === "%" && a !== null && b !== null) {
      const isDecimal = left.type === "FloatValue" || right.type === "FloatValue";
      const rest = a % b;
      return literal(
        isDecimal ? "FloatLiteral" : "IntegerLiteral",
        rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest,
        scope,
      );
    }
    return evaluate({ ...node, left: given(left), right: given(right) }, scope);
  }

  function member(node: TemplateNode, scope: TemplateScope): RuntimeValue {
    const object = run(node["object"], scope);
    if (object.type === "UndefinedValue") {
      throw new Error(`the template asks for a part of ${sourceOf(node["object"])}, which is not defined`);
    }
    if (isLazy(object)) refuse("the template asks for a part of what Python gives item by item");
    const property = node["property"] as TemplateNode;
    if (!isText(object)) return evaluate({ ...node, object: given(object) }, scope);
    // Texts are counted by characters, of which JavaScript takes some for two.
    if (node["computed"] !== true) {
      if (property["value"] === "length") refuse("the template asks a text for `.length`");
      return evaluate({ ...node, object: given(object) }, scope);
    }
    const taken = evaluate({ ...node, object: given(list(charactersOf(object.value, scope), scope)) }, scope);
    return isList(taken) ? text(taken.value.map(({ value }) => String(value)).join(""), scope) : taken;
  }

  function charactersOf(whole: string, scope: TemplateScope): readonly RuntimeValue[] {
    return Array.from(whole, (character) => text(character, scope));
  }

  function call(node: TemplateNode, scope: TemplateScope): RuntimeValue {
    const callee = node["callee"] as TemplateNode;
    if (callee.type !== "MemberExpression" || callee["computed"] === true) return evaluate(node, scope);
    const value = run(callee["object"], scope);
    const again = { ...node, callee: { ...callee, object: given(value) } };
    const name = String((callee["property"] as TemplateNode)["value"]);
    if (isMapping(value) && views.has(name)) {
      const items = name === "items" ? pairs(evaluate(again, scope)) : evaluate(again, scope);
      lazy.add(items);
      return items;
    }
    if (!isText(value)) return evaluate(again, scope);
    const applied = { name, node, scope, value, ...argumentsIn(node, scope) };
    if (name === "split" && applied.args.length + applied.named.length === 0) {
      const words = wordsOf(value.value).map((word) => text(word, scope));
      return list(words, scope);
    }
    const own = methodOf(applied, value.value);
    if (own !== null) return text(own, scope);
    const most = Object.hasOwn(argumentsOf, name) ? argumentsOf[name] : undefined;
    const isNamed = applied.named.length > 0 && !(name === "replace" && applied.named.every((key) => key === "count"));
    if (most !== undefined && (applied.args.length > most || isNamed))
      refuse(`the template calls \`${name}\` with more`);
    return evaluate(again, scope);
  }

  /** Keys with their values, which Python gives as tuples, and prints so. */
  function pairs(items: RuntimeValue): RuntimeValue {
    if (isList(items)) items.value.forEach((pair) => tuples.add(pair));
    return items;
  }

  /** The value of a text's method; null where the library's is Python's. */
  function methodOf({ name, args, named }: Applied, value: string): string | null {
    const ends = { strip: "both", lstrip: "start", rstrip: "end" } as const;
    if (name === "strip" || name === "lstrip" || name === "rstrip") {
      return stripped(value, ends[name], charactersOfArgument(name, args, named));
    }
    if (name !== "capitalize" && name !== "title") return null;
    if (args.length > 0 || named.length > 0) throw new Error(`the template calls \`${name}\` with arguments`);
    return name === "title" ? titled(value) : capitalized(value);
  }

  function charactersOfArgument(name: string, args: readonly RuntimeValue[], named: readonly string[]): string | null {
    const [characters, ...more] = args;
    if (more.length > 0 || named.length > 0) throw new Error(`the template calls \`${name}\` with too many arguments`);
    if (characters === undefined || characters.type === "NullValue") return null;
    return isText(characters) ? characters.value : refuse(`the template calls \`${name}\` with ${nameOf(characters)}`);
  }

  function argumentsIn(
    node: TemplateNode,
    scope: TemplateScope,
  ): { readonly args: readonly RuntimeValue[]; readonly named: readonly string[] } {
    const all = (node["args"] ?? []) as readonly TemplateNode[];
    const isPlain = ({ type }: TemplateNode): boolean => !type.endsWith("SpreadExpression") && type !== keyword;
    return {
      args: all.filter(isPlain).map((argument) => run(argument, scope)),
      named: all
        .filter((argument) => !isPlain(argument))
        .map((argument) =>
          argument.type === keyword
            ? String((argument["key"] as TemplateNode)["value"])
            : refuse("the template unpacks arguments"),
        ),
    };
  }

  function filter(node: TemplateNode, scope: TemplateScope): RuntimeValue {
    const value = run(node["operand"], scope);
    const wanted = node["filter"] as TemplateNode;
    const name = String((wanted.type === "CallExpression" ? (wanted["callee"] as TemplateNode) : wanted)["value"]);
    const applied = { name, node: wanted, scope, value, ...argumentsIn(wanted, scope) };
    const own = filtered(applied);
    if (own !== null) return own;
    // Without arguments the library knows fewer filters than with them.
    const called = wanted.type === "CallExpression" && applied.args.length + applied.named.length === 0;
    const found = evaluate({ ...node, operand: given(value), filter: called ? wanted["callee"] : wanted }, scope);
    const result = name === "items" || name === "dictsort" ? pairs(found) : found;
    if (lazyFilters.has(name)) lazy.add(result);
    return result;
  }

  /** The value of a filter; null where the library's is Python's. */
  function filtered({ name, scope, value, args, named }: Applied): RuntimeValue | null {
    const plain = args.length === 0 && named.length === 0;
    switch (name) {
      case "length":
      case "count":
        if (isLazy(value) && !isMapping(value)) refuse("the template counts what Python gives item by item");
        if (value.type === "UndefinedValue") return whole(0, scope);
        if (isList(value)) return whole(value.value.length, scope);
        if (isMapping(value)) return whole(value.value.size, scope);
        return isText(value) ? whole(Array.from(value.value).length, scope) : null;
      case "string":
        return text(print(value), scope);
      case "trim":
        return text(stripped(print(value), "both", charactersOfArgument(name, args, named)), scope);
      case "capitalize":
        return text(capitalized(print(value)), scope);
      case "title":
        return text(titledWords(print(value)), scope);
      case "upper":
        return text(print(value).toUpperCase(), scope);
      case "lower":
        return text(print(value).toLowerCase(), scope);
      case "default":
      case "d":
        return value.type === "UndefinedValue" && plain ? text("", scope) : plain ? value : null;
      case "list":
        return isList(value)
          ? list(value.value, scope)
          : isText(value)
            ? list(charactersOf(value.value, scope), scope)
            : null;
      case "join": {
        if (named.length > 0 || args.length > 1) refuse("the template calls `join` with more than a separator");
        if (!isList(value)) return null;
        const [separator] = args;
        return text(value.value.map(print).join(separator === undefined ? "" : print(separator)), scope);
      }
      case "tojson":
        if (isLazy(value)) refuse("`tojson` is given what Python gives item by item");
        if (args.length > 0 || named.includes("sort_keys"))
          refuse("the template calls `tojson` with `sort_keys` or arguments without a name");
        checkJson(value);
        return null;
      case "int":
        return value.type === "FloatValue" ? whole(Math.trunc(Number(value.value)), scope) : asNumber(value);
      case "float":
        return asNumber(value);
      case "indent":
        if (isText(value) && lineEnds.test(value.value)) refuse("`indent` is given a text with unusual ends of lines");
        return null;
      case "unique":
        if (isList(value) && !(value.value.every(isText) && differ(value.value.map(({ value: item }) => item)))) {
          refuse("`unique` is given other things than texts, or texts that differ in large letters only");
        }
        return null;
      default:
        return null;
    }
  }

  function asNumber(value: RuntimeValue): null {
    const isDoubtful =
      isText(value) && /\d|inf|nan/i.test(value.value) && !/^\s*[+-]?\d+(\.\d+)?\s*$/.test(value.value);
    return isDoubtful ? refuse("the template makes a number of a text that is not digits alone") : null;
  }

  function testOf(node: TemplateNode, scope: TemplateScope): RuntimeValue {
    const value = run(node["operand"], scope);
    const name = String((node["test"] as TemplateNode)["value"]);
    const tests: Readonly<Record<string, () => boolean>> = {
      iterable: () => isList(value) || isMapping(value) || isText(value) || value.type === "UndefinedValue",
      sequence: () =>
        isLazy(value)
          ? refuse("`is sequence` is asked of what Python gives item by item")
          : isList(value) || isMapping(value) || isText(value),
      number: () => numberOf(value) !== null,
      lower: () => isCased(value) && print(value) === print(value).toLowerCase(),
      upper: () => isCased(value) && print(value) === print(value).toUpperCase(),
    };
    const own = Object.hasOwn(tests, name) ? tests[name] : undefined;
    if (own === undefined) return evaluate({ ...node, operand: given(value) }, scope);
    return truth(own() !== (node["negate"] === true), scope);
  }

  return interpreter;
}

const keyword = "KeywordArgumentExpression";

function isCased(value: RuntimeValue): boolean {
  return isText(value) && value.value.toLowerCase() !== value.value.toUpperCase();
}

/** Whether texts that are not the same differ in more than large and small letters. */
function differ(texts: readonly unknown[]): boolean {
  return new Set(texts).size === new Set(texts.map((one) => String(one).toLowerCase())).size;
}
