/** Principal components in words and tables. */
import { entryOf } from "../../compiler/base/entry.js";
import type { DecisionOutcome } from "../../compiler/ir/decision-outcome.js";
import type { Coordinates } from "../../compiler/ir/result-expression.js";
import { percent } from "./components-figure.js";
import { formatNumber } from "./format.js";
import { axisColumn, textColumn, valueColumn, type TableCell, type TableData } from "./table-data.js";
import { isTokenAxis, pieceAt, sharedText, type TokenTexts } from "./token-texts.js";

type Components = Extract<DecisionOutcome, { kind: "pca" }>;

/** Loadings of each component that a table shows. */
const shownLoadings = 5;

export interface ComponentsView {
  readonly sentence: string;
  readonly table: TableData;
  /** The largest loadings of each component; null without components. */
  readonly loadings: TableData | null;
}

/** @param experiments what the components are of, by whose texts features that are tokens are read. */
export function componentsView(
  outcome: Components,
  tokens: TokenTexts,
  experiments: readonly string[],
): ComponentsView {
  const { components, observations, over, features, reason, notes } = outcome;
  const explained = components.reduce((sum, one) => sum + one.explained, 0);
  const sentence =
    reason === null
      ? `${observations.length} observations (${over}) of ${features.length} features; the first ${components.length === 1 ? "component explains" : `${components.length} components explain`} ${percent(explained)} of the variance.`
      : `No components: ${reason}.`;
  return {
    sentence,
    table: {
      title: "",
      columns: [
        axisColumn("component"),
        valueColumn("explained", null, false),
        valueColumn("variance", null, false),
        textColumn(`scores by ${over}`),
      ],
      rows: components.map(({ explained: share, variance, scores }, i) => [
        cell(i + 1),
        cell(share),
        cell(variance),
        cell(scores.map((score, o) => `${String(observations[o])} ${formatNumber(score)}`).join(", ")),
      ]),
      note: notes.length === 0 ? null : notes.join("; "),
      warnings: [],
    },
    loadings: components.length === 0 ? null : loadingsTable(outcome, tokens, experiments),
  };
}

function loadingsTable(
  { components, features }: Components,
  tokens: TokenTexts,
  experiments: readonly string[],
): TableData {
  const axes = [...new Set(features.flatMap((feature) => Object.keys(feature)))];
  const along = axes.find(isTokenAxis);
  const largest = components.flatMap(({ loadings }, c) =>
    loadings
      .map((loading, f) => ({ component: c + 1, loading, feature: features[f] ?? {} }))
      .sort((a, b) => Math.abs(b.loading) - Math.abs(a.loading))
      .slice(0, shownLoadings),
  );
  const tokenOf = (feature: Coordinates): string | null =>
    along === undefined ? null : pieceAt(sharedText(tokens, experiments, feature), entryOf(feature, along));
  const words = largest.map(({ feature }) => tokenOf(feature));
  const withTokens = words.some((word) => word !== null);
  const least = Math.min(shownLoadings, features.length);
  return {
    title: "largest loadings",
    columns: [
      axisColumn("component"),
      ...axes.map(axisColumn),
      ...(withTokens ? [textColumn("token")] : []),
      valueColumn("loading", null, true),
    ],
    rows: largest.map(({ component, loading, feature }, i) => [
      cell(component),
      ...axes.map((axis) => cell(entryOf(feature, axis) ?? null)),
      ...(withTokens ? [cell(words[i] == null ? null : JSON.stringify(words[i]))] : []),
      cell(loading),
    ]),
    note: features.length > least ? `the ${least} largest of ${features.length} for each component` : null,
    warnings: [],
  };
}

function cell(value: TableCell["value"]): TableCell {
  return { value, reason: null };
}
