/** How a run ended, in a word, and how worrying that is. */
export interface ReportStatus {
  readonly label: string;
  readonly tone: "good" | "warning" | "bad";
}
