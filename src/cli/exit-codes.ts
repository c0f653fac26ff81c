/** Exit codes of every command. */
export const exitCodes = { done: 0, wrongInput: 1, fault: 2, interrupted: 130 } as const;
