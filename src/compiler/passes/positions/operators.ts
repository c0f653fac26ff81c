/** Operators whose result at a place depends on what they read at that place only, up to the axes they reduce. */

/** One input (further ones are parameters of the operator); the result has its dimensions. */
export const samePlaceOperators: ReadonlySet<string> = new Set([
  ...["Abs", "Cast", "Cos", "Exp", "Floor", "Identity", "IsInf", "IsNaN", "Log", "Neg", "Not"],
  ...["FastGelu", "Gelu", "QuickGelu", "Relu", "Sigmoid", "Sin", "Sqrt", "Tanh"],
  ...["Softmax", "LogSoftmax"],
]);

/** Several inputs, which are broadcast against each other. */
export const broadcastOperators: ReadonlySet<string> = new Set([
  ...["Add", "Sub", "Mul", "Div", "Pow", "Mod", "Max", "Min", "Where"],
  ...["And", "Or", "Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"],
]);

/** Of those of {@link samePlaceOperators} the ones that read the whole of one axis. */
export const normalisations: ReadonlySet<string> = new Set(["Softmax", "LogSoftmax"]);

/** Operators that reduce the axes in their second input. */
export const reductions: ReadonlySet<string> = new Set([
  ...["ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum"],
]);
