/** Operators as they are written, and the operations that they stand for: in measures and in expressions over results. */

export const operationOf = { "+": "add", "-": "subtract", "*": "multiply", "/": "divide", "^": "power" } as const;
export const comparisonOf = { "<": "less", ">": "greater", "<=": "lessEqual", ">=": "greaterEqual" } as const;
