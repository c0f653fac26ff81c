/** Derivative rules of operators that compute every entry by itself. */
import { cast } from "../../operations/lowering.js";
import { multiply, numberLike, sumToShape, zerosLike } from "../emit.js";
import { floatOf, gradientOfOutput, inputOf, outputOf, type GradientRule, type RuleContext } from "../rule.js";

/** The rule of a function of one number, from its derivative at x, with y = f(x). */
function unary(derivative: (context: RuleContext, x: string, y: string) => string): GradientRule {
  return (context) => [
    multiply(context, gradientOfOutput(context), derivative(context, inputOf(context, 0), outputOf(context, 0))),
  ];
}

/** The rule of a function of two numbers: the gradient of each operand, before it is summed to the operand's shape. */
function binary(
  of: (context: RuleContext, gradient: string, a: string, b: string) => readonly [() => string, () => string],
): GradientRule {
  return (context) => {
    const [a, b] = [inputOf(context, 0), inputOf(context, 1)];
    const parts = of(context, gradientOfOutput(context), a, b);
    return [a, b].map((operand, i) => {
      const part = parts[i];
      if (part === undefined || !context.wants(i)) return null;
      return sumToShape(context, part(), operand, outputOf(context, 0));
    });
  };
}

/** Chooses between two values by a condition, which has no gradient. */
function where({ builder }: RuleContext, condition: string, yes: string, no: string): string {
  return builder.node("Where", [condition, yes, no]);
}

const add = binary((_, gradient) => [() => gradient, () => gradient]);

const sub = binary(({ builder }, gradient) => [() => gradient, () => builder.node("Neg", [gradient])]);

const mul = binary((context, gradient, a, b) => [
  () => multiply(context, gradient, b),
  () => multiply(context, gradient, a),
]);

const div = binary((context, gradient, _, b) => {
  const { builder } = context;
  const part = (): string => builder.node("Div", [gradient, b]);
  return [part, () => builder.node("Neg", [multiply(context, part(), outputOf(context, 0))])];
});

/** b · a^(b−1), and y · ln a, which is 0 where a is: PyTorch's derivative of 0^b with respect to b. */
const pow = binary((context, gradient, a, b) => {
  const { builder } = context;
  const one = (): string => numberLike(context, 1, b);
  return [
    () => multiply(context, gradient, b, builder.node("Pow", [a, builder.node("Sub", [b, one()])])),
    () => {
      const isZero = builder.node("Equal", [a, numberLike(context, 0, a)]);
      const logarithm = where(
        context,
        isZero,
        numberLike(context, 0, a),
        builder.node("Log", [where(context, isZero, numberLike(context, 1, a), a)]),
      );
      return multiply(context, gradient, outputOf(context, 0), logarithm);
    },
  ];
});

/** Of equal operands each gets half, as in torch.maximum. */
function extreme(op: "Greater" | "Less"): GradientRule {
  return (context) => {
    const { builder, node } = context;
    if (node.inputs.length === 1) return [gradientOfOutput(context)];
    if (node.inputs.length > 2) throw new RangeError(`${node.op} of ${node.inputs.length} values has no rule`);
    return binary((own, gradient, a, b) => {
      const half = (): string => multiply(own, gradient, numberLike(own, 0.5, a));
      const nothing = (): string => numberLike(own, 0, a);
      const ties = (): string => where(own, builder.node("Equal", [a, b]), half(), nothing());
      const part = (mine: string, other: string): string =>
        where(own, builder.node(op, [mine, other]), gradient, ties());
      return [() => part(a, b), () => part(b, a)];
    })(context);
  };
}

const choose: GradientRule = (context) => {
  const gradient = gradientOfOutput(context);
  const condition = inputOf(context, 0);
  const nothing = numberLike(context, 0, outputOf(context, 0));
  const part = (input: number): string | null => {
    if (!context.wants(input)) return null;
    const kept = input === 1 ? [gradient, nothing] : [nothing, gradient];
    const own = where(context, condition, kept[0] ?? "", kept[1] ?? "");
    return sumToShape(context, own, inputOf(context, input), outputOf(context, 0));
  };
  return [null, part(1), part(2)];
};

const sqrt = unary((context, _, y) => context.builder.node("Div", [numberLike(context, 0.5, y), y]));

/** √(2/π) and the factor of the cubic term in the approximation of gelu (Hendrycks & Gimpel 2016). */
const tanhGelu = { scale: Math.sqrt(2 / Math.PI), cubic: 0.044715 } as const;

/** ½(1 + t) + ½x(1 − t²)·c(1 + 3·0.044715x²), with t = tanh(c(x + 0.044715x³)). */
const fastGelu = unary((context, x) => {
  const { builder } = context;
  const number = (value: number): string => numberLike(context, value, x);
  const square = multiply(context, x, x);
  const inner = builder.node("Add", [number(1), multiply(context, square, number(tanhGelu.cubic))]);
  const t = builder.node("Tanh", [multiply(context, x, inner, number(tanhGelu.scale))]);
  const slope = builder.node("Add", [number(1), multiply(context, square, number(3 * tanhGelu.cubic))]);
  const rest = builder.node("Sub", [number(1), multiply(context, t, t)]);
  const steep = multiply(context, x, rest, slope, number(tanhGelu.scale));
  return multiply(context, builder.node("Add", [builder.node("Add", [number(1), t]), steep]), number(0.5));
});

/** Φ(x) + x φ(x), the normal distribution and its density. */
const gelu = unary((context, x) => {
  const { builder } = context;
  const number = (value: number): string => numberLike(context, value, x);
  const erf = builder.node("Erf", [multiply(context, x, number(Math.SQRT1_2))]);
  const distribution = multiply(context, builder.node("Add", [number(1), erf]), number(0.5));
  const bell = builder.node("Exp", [multiply(context, x, x, number(-0.5))]);
  const density = multiply(context, bell, number(1 / Math.sqrt(2 * Math.PI)));
  return builder.node("Add", [distribution, multiply(context, x, density)]);
});

/** s + αx s(1 − s), with s = σ(αx). */
const quickGelu = unary((context, x) => {
  const { builder } = context;
  const alpha = floatOf(context, "alpha", 1.702);
  const scaled = alpha === 1 ? x : multiply(context, x, numberLike(context, alpha, x));
  const s = builder.node("Sigmoid", [scaled]);
  const rest = builder.node("Sub", [numberLike(context, 1, x), s]);
  return builder.node("Add", [s, multiply(context, scaled, s, rest)]);
});

const relu: GradientRule = (context) => {
  const x = inputOf(context, 0);
  const positive = context.builder.node("Greater", [x, numberLike(context, 0, x)]);
  return [where(context, positive, gradientOfOutput(context), numberLike(context, 0, x))];
};

/** A conversion between kinds of numbers; truth values and integers have no gradient. */
const conversion: GradientRule = (context) => {
  const { builder, type } = context;
  const from = type(inputOf(context, 0));
  return [from === "float32" || from === "float64" ? cast(builder, gradientOfOutput(context), from) : null];
};

const piecewiseConstant: GradientRule = (context) => [zerosLike(context, inputOf(context, 0))];

/** x mod m = x − m⌊x / m⌋: 1 in x almost everywhere. The divisor of positions and angles is a constant. */
const mod = binary((context, gradient, _, b) => [
  () => gradient,
  () => multiply(context, gradient, numberLike(context, 0, b)),
]);

export const elementwiseRules: Readonly<Record<string, GradientRule>> = {
  Abs: unary(({ builder }, x) => builder.node("Sign", [x])),
  Add: add,
  Cast: conversion,
  Cos: unary(({ builder }, x) => builder.node("Neg", [builder.node("Sin", [x])])),
  Div: div,
  // 2/√π e^(−x²)
  Erf: unary((context, x) => {
    const { builder } = context;
    const bell = builder.node("Exp", [builder.node("Neg", [multiply(context, x, x)])]);
    return multiply(context, bell, numberLike(context, 2 / Math.sqrt(Math.PI), x));
  }),
  Exp: unary((_, __, y) => y),
  FastGelu: fastGelu,
  Floor: piecewiseConstant,
  Gelu: gelu,
  Identity: (context) => [gradientOfOutput(context)],
  Log: unary((context, x) => context.builder.node("Div", [numberLike(context, 1, x), x])),
  Max: extreme("Greater"),
  Min: extreme("Less"),
  Mod: mod,
  Mul: mul,
  Neg: (context) => [context.builder.node("Neg", [gradientOfOutput(context)])],
  Pow: pow,
  QuickGelu: quickGelu,
  Relu: relu,
  Sigmoid: unary((context, _, y) => {
    const rest = context.builder.node("Sub", [numberLike(context, 1, y), y]);
    return multiply(context, y, rest);
  }),
  Sign: piecewiseConstant,
  Sin: unary(({ builder }, x) => builder.node("Cos", [x])),
  Sqrt: sqrt,
  Sub: sub,
  Tanh: unary((context, _, y) => {
    return context.builder.node("Sub", [numberLike(context, 1, y), multiply(context, y, y)]);
  }),
  Where: choose,
};
