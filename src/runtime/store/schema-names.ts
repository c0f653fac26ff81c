/** Which schemas are published beside the program, and how Ajv reads them. */

/** By the start of their files' names. */
export const schemaNames = ["record", "history", "judgement"] as const;

export type SchemaName = (typeof schemaNames)[number];

/**
 * All errors at once, with the values that they are about. Definitions stay functions of their own: written into each
 * place that uses them, they make four times the code.
 */
export const validatorOptions = { allErrors: true, allowUnionTypes: true, verbose: true, inlineRefs: false } as const;
