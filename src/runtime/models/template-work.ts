/** What a thread that renders a chat template is given, and what it answers. */

export interface TemplateWork {
  readonly template: string;
  /** What templates may use beside the messages: the texts of special tokens by their names (`bos_token`). */
  readonly variables: Readonly<Record<string, string>>;
  /** Lists of messages as JSON. */
  readonly conversations: readonly string[];
  /** Whether the model's own turn is opened at the end. */
  readonly opened: boolean;
  /** Characters that a text has at most. */
  readonly longest: number;
}

/** The text of a conversation, or why there is none. */
export type TemplateAnswer = { readonly index: number } & ({ readonly text: string } | { readonly problem: string });
