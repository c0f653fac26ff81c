/** The table of what passes save, as text. */
import type { PassSavings, PlanWork } from "./explain-passes.js";

interface Column {
  readonly title: string;
  /** Unit names with their sizes, the largest first; a unit fits when the column's largest value has one of it. */
  readonly units: readonly (readonly [name: string, size: number])[];
  readonly value: (work: PlanWork) => number | null;
}

const sizes = [
  ["GB", 1e9],
  ["MB", 1e6],
  ["kB", 1e3],
] as const;

const counted = [["", 1]] as const;

const columns: readonly Column[] = [
  { title: "layer runs", units: counted, value: (work) => work.layerRuns },
  {
    title: "arithmetic",
    units: [
      ["TFLOP", 1e12],
      ["GFLOP", 1e9],
      ["MFLOP", 1e6],
    ],
    value: (work) => work.flops,
  },
  { title: "activations", units: sizes, value: (work) => work.activationBytes },
  { title: "weights", units: sizes, value: (work) => work.openedWeightBytes },
  { title: "sessions", units: counted, value: (work) => work.sessions },
  { title: "batches", units: counted, value: (work) => work.units },
  { title: "time", units: [["s", 1]], value: (work) => work.seconds },
];

/**
 * A line for the plan without passes, two for each pass (by how much it changes each number, and what it does) and one
 * for the plan that will run. Every column has one unit, below its title; "–" is no change. Times are left out when
 * they are not known.
 */
export function passTable({ naive, passes, planned }: PassSavings): readonly string[] {
  const shown = columns
    .filter(({ value }) => value(planned) !== null)
    .map((column) => ({ ...column, ...scaleOf(column, [naive, planned, ...passes.map(({ saved }) => saved)]) }));
  const cells = (work: PlanWork, text: (n: number, decimals: number) => string): readonly string[] =>
    shown.map(({ value, size, decimals }) => text((value(work) ?? 0) / size, decimals));
  const lines: readonly (readonly string[])[] = [
    ["Passes", ...shown.map(({ title }) => title)],
    ["", ...shown.map(({ unit }) => unit)],
    ["  without passes", ...cells(naive, numberText)],
    ...passes.flatMap(({ name, does, applied, saved }) => [
      applied ? [`  ${name}`, ...cells(saved, changeText)] : [`  ${name}  left out`],
      [`    ${does}`],
    ]),
    ["  this plan", ...cells(planned, numberText)],
  ];
  // A line of words alone, such as what a pass does, has the width of the table.
  const table = lines.filter((cells) => cells.length > 1);
  const widths = ["", ...shown].map((_, i) =>
    table.reduce((most, cells) => Math.max(most, (cells[i] ?? "").length), 0),
  );
  return lines.map(([name = "", ...rest]) =>
    [name.padEnd(rest.length === 0 ? 0 : (widths[0] ?? 0)), ...rest.map((cell, i) => cell.padStart(widths[i + 1] ?? 0))]
      .join("  ")
      .trimEnd(),
  );
}

/** The unit of a column and how many decimals make four digits of its largest value, two at most. */
function scaleOf(
  { units, value }: Column,
  works: readonly PlanWork[],
): { readonly unit: string; readonly size: number; readonly decimals: number } {
  const largest = works.reduce((most, work) => Math.max(most, Math.abs(value(work) ?? 0)), 0);
  const [unit, size] = units.find(([, of]) => largest >= of) ?? units.at(-1) ?? ["", 1];
  const scaled = largest / size;
  const decimals = unit === "" || scaled >= 1000 ? 0 : scaled >= 100 ? 1 : 2;
  return { unit, size, decimals };
}

function numberText(value: number, decimals: number): string {
  return value.toLocaleString("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** What a saving does to the number above it; "≈0" when that is too little to show. */
function changeText(saved: number, decimals: number): string {
  if (saved === 0) return "–";
  const size = numberText(Math.abs(saved), decimals);
  return Number(size) === 0 ? "≈0" : `${saved > 0 ? "−" : "+"}${size}`;
}
