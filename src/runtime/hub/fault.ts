/** Why something of the Hub is not here, in words, with the code that says it and what helps. */
export class HubFault extends Error {
  readonly code: "A4017" | "A4030" | "A4031" | "A4032" | "A4033";
  readonly hint: string;

  constructor(code: HubFault["code"], problem: string, hint: string) {
    super(problem);
    this.name = "HubFault";
    this.code = code;
    this.hint = hint;
  }
}

/** A fault that another try may not have: the connection broke, or the server is busy. */
export class PassingFault extends Error {
  /** How long the server asks to wait, in milliseconds; null when it says nothing. */
  readonly wait: number | null;

  constructor(problem: string, wait: number | null = null) {
    super(problem);
    this.name = "PassingFault";
    this.wait = wait;
  }
}
