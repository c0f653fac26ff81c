/** Builds measurement expressions by hand and at random, and runs them in onnxruntime. */
import assert from "node:assert/strict";
import { Tensor } from "onnxruntime-node";
import { isFault } from "../../src/compiler/operations/operation.js";
import type { MeasureExpression, MeasureNode, OperationAttributes } from "../../src/compiler/ir/expression.js";
import { scalar, type TensorType } from "../../src/compiler/ir/tensor-type.js";
import { lowerMeasure } from "../../src/compiler/lower/measure.js";
import { siteKey, type SiteName, type SiteReference } from "../../src/compiler/models/sites.js";
import { createGraphBuilder } from "../../src/compiler/onnx/builder.js";
import { operationNamed, typeOperation } from "../../src/compiler/operations/index.js";
import type { ReferenceTensor, TypeFault } from "../../src/compiler/operations/operation.js";
import { axes, declareInput, feedOf, openGraph, real, splitRows, type RowResult } from "./support.js";

const span = { file: 0, start: 0, end: 0 } as unknown as MeasureNode["span"];

/** Collects nodes; every function gives the index of a node. */
export function createExpression() {
  const nodes: MeasureNode[] = [];
  const tryOperation = (
    operation: string,
    inputs: readonly number[],
    attributes: OperationAttributes = {},
    reason = `${operation} at node ${nodes.length}`,
  ): number | TypeFault => {
    const typed = inputs.map((input) => {
      const node = nodes[input];
      assert.ok(node !== undefined);
      return { type: node.type, literal: node.kind === "constant" };
    });
    const type = typeOperation(operation, typed, attributes);
    if (isFault(type)) return type;
    const failing = operationNamed(operation).failure === null ? {} : { reason };
    return nodes.push({ kind: "operation", operation, inputs, attributes, type, span, ...failing }) - 1;
  };
  return {
    nodes,
    site: (site: SiteName, layer: number | null, type: TensorType): number =>
      nodes.push({ kind: "site", site: { site, layer }, type, span }) - 1,
    ids: (): number => nodes.push({ kind: "ids", type: real(axes("pos"), "token"), span }) - 1,
    constant: (value: number): number => nodes.push({ kind: "constant", value, type: scalar, span }) - 1,
    tryOperation,
    operation(...use: Parameters<typeof tryOperation>): number {
      const made = tryOperation(...use);
      assert.ok(typeof made === "number", typeof made === "number" ? "" : made.fault);
      return made;
    },
    finish: (result: number): MeasureExpression => ({ nodes: [...nodes], result }),
  };
}

/** The values of every site for one row of the batch, by site key; `ids` are those of the text. */
export type SiteRow = Readonly<Record<string, ReferenceTensor>>;

/** What a measure gives for a row: with the number of the first of its checks that is not finite. */
export interface MeasuredRow extends RowResult {
  readonly cause: number;
}

/** A session of one or several measures in one graph; `run` gives a result per measure and row. */
export async function openMeasures(expressions: readonly MeasureExpression[]) {
  const builder = createGraphBuilder("measures");
  const inputs = new Map<string, TensorType>();
  for (const node of expressions.flatMap((expression) => expression.nodes)) {
    if (node.kind !== "site" || inputs.has(siteKey(node.site))) continue;
    inputs.set(siteKey(node.site), node.type);
    declareInput(builder, siteKey(node.site), node.type);
  }
  const siteValue = (site: SiteReference): string => siteKey(site);
  const readsIds = expressions.some((expression) => expression.nodes.some((node) => node.kind === "ids"));
  if (readsIds) builder.input("ids", "int64", ["row", "ids_0"]);
  const lowered = expressions.map((expression) =>
    lowerMeasure(builder, expression, { site: siteValue, ids: () => "ids" }),
  );
  const outputs = lowered.map(({ output, cause }, m) => {
    const shape = (prefix: string): string[] => ["rows", ...output.type.axes.map((_, i) => `${prefix}${m}_${i}`)];
    const value = builder.node("Identity", [output.value], {}, `value${m}`);
    const fault = output.fault === null ? null : builder.node("Identity", [output.fault], {}, `fault${m}`);
    const first = cause === null ? null : builder.node("Identity", [cause], {}, `cause${m}`);
    return [
      { name: value, type: "float32" as const, shape: shape("v") },
      ...(fault === null ? [] : [{ name: fault, type: "int32" as const, shape: shape("f") }]),
      ...(first === null ? [] : [{ name: first, type: "int32" as const, shape: [`c${m}`] }]),
    ];
  });
  const graph = builder.finish(outputs.flat());
  const session = await openGraph(graph);
  return {
    graph,
    lowered,
    release: () => session.release(),
    async run(rows: readonly SiteRow[]): Promise<readonly (readonly MeasuredRow[])[]> {
      const feeds = [...inputs].flatMap(([key, type]) => {
        const tensors = rows.map((row) => row[key]).filter((tensor) => tensor !== undefined);
        return session.inputNames.includes(key) ? [[key, feedOf(tensors, type.element)] as const] : [];
      });
      const ids = rows.map((row) => Array.from(row["ids"]?.data ?? [], BigInt));
      const idsFeed = new Tensor("int64", BigInt64Array.from(ids.flat()), [rows.length, ids[0]?.length ?? 0]);
      const own = readsIds && session.inputNames.includes("ids") ? { ids: idsFeed } : {};
      const found = await session.run({ ...Object.fromEntries(feeds), ...own });
      return lowered.map((_, m) => {
        const value = found[`value${m}`];
        assert.ok(value !== undefined);
        const causes = found[`cause${m}`]?.data;
        return splitRows(rows.length, value, found[`fault${m}`] ?? null).map((result, row) => ({
          ...result,
          cause: Number(causes?.[causes.length === 1 ? 0 : row] ?? 0),
        }));
      });
    },
  };
}
