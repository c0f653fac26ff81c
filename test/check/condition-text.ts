/** Conditions of a protocol as lines of text: `layer=0 head=1: z[0].1 at -1 = zero`. */
import type { MeasureExpression } from "../../src/compiler/ir/expression.js";
import type { Condition, PositionSelection, ReplacementValue, SiteWrite } from "../../src/compiler/ir/protocol.js";
import { siteKey } from "../../src/compiler/models/sites.js";
import { carrierOf, type FedValue } from "../../src/compiler/replacements/index.js";

/** A condition: its coordinates, and every write. */
export function conditionText({ coordinates, writes }: Condition): string {
  const at = Object.entries(coordinates).map(([axis, value]) => `${axis}=${value}`);
  return `${at.join(" ")}: ${writes.map(writeText).join("; ")}`.trim();
}

function writeText({ site, unit, positions, replacement }: SiteWrite): string {
  const spot = unit === null ? siteKey(site) : `${siteKey(site)}.${unit}`;
  return `${spot}${positionText(positions)} ${replacementText(replacement)}`;
}

function positionText(selection: PositionSelection | null): string {
  if (selection === null) return "";
  if (selection.kind === "each") return ` at [${selection.positions.join(", ")}]`;
  const { first, last } = selection;
  return first === last ? ` at ${first}` : ` at ${first}..${last}`;
}

function replacementText(replacement: ReplacementValue): string {
  const carrier = carrierOf(replacement);
  switch (carrier.gate) {
    case "replace":
      return `= ${fedText(carrier.fed)}`;
    case "scale":
      return `* ${fedText(carrier.fed)}`;
    case "compute":
      return `${carrier.add ? "+=" : "="} ${expressionText(carrier.expression)}`;
  }
}

function fedText(fed: FedValue): string {
  switch (fed.kind) {
    case "number":
      return String(fed.value);
    case "average":
      return `mean of ${fed.texts}${fed.perPosition ? " per position" : ""}`;
    case "captured":
      return `${fed.texts}[${fed.prompts.join(", ")}]`;
  }
}

/** An expression in prefix form; a value of other texts is `EXPR of TEXTS`, averaged `mean(EXPR of TEXTS)`. */
export function expressionText({ nodes, result }: MeasureExpression): string {
  const show = (index: number): string => {
    const node = nodes[index];
    if (node === undefined) return "?";
    switch (node.kind) {
      case "constant":
        return String(node.value);
      case "site":
        return siteKey(node.site);
      case "given": {
        const { texts, take, expression } = node.source;
        const taken = `${expressionText(expression)} of ${texts}`;
        return take === "mean" ? `mean(${taken})` : taken;
      }
      case "operation": {
        const attributes = Object.entries(node.attributes).map(([key, value]) => ` ${key}=${String(value)}`);
        return `${node.operation}(${node.inputs.map(show).join(", ")}${attributes.join("")})`;
      }
      default:
        return node.kind;
    }
  };
  return show(result);
}
