/**
 * Which dimensions of the values of a graph are as long as the text: what the pass has to know before it can leave
 * positions out. Inferred from the graph's inputs, its constants and the layouts of the model's sites.
 */
import type { ModelGraph } from "../../models/model.js";
import { allSites, siteDimensions } from "../../models/site-values.js";
import { siteKey } from "../../models/sites.js";
import type { Graph, Initializer } from "../../onnx/graph.js";
import { inferLayouts } from "./infer-layouts.js";
import type { Layout, Layouts, Length } from "./layout.js";

/** Layouts of everything that the nodes of a graph read and make. */
export function layoutsOf(graph: Graph, model: ModelGraph): Layouts {
  const layouts = new Map<string, Layout>();
  for (const initializer of graph.initializers) layouts.set(initializer.name, constantLayout(initializer));
  for (const { name, shape } of graph.inputs) {
    const lengths = shape.map((size): Length => (typeof size === "number" ? size : null));
    layouts.set(name, { dimensions: name === "input_ids" ? [null, "pos"] : lengths, list: null });
  }
  const given = new Set([...graph.inputs, ...graph.initializers].map(({ name }) => name));
  const known = siteLayouts(model);
  for (const node of graph.nodes) {
    // A site that is taken from an input of unknown size; what is computed from others is inferred, not believed.
    const isTaken = node.inputs.every((name) => given.has(name));
    inferLayouts(node, layouts).forEach((layout, i) => {
      const name = node.outputs[i] ?? "";
      const found = (isTaken ? known.get(name) : undefined) ?? layout;
      if (found !== null) layouts.set(name, found);
    });
  }
  return layouts;
}

function constantLayout({ shape, type, data }: Initializer): Layout {
  const isList = data.kind === "inline" && type === "int64" && shape.length < 2;
  return { dimensions: shape, list: isList ? data.values.map((length) => ({ length, of: null })) : null };
}

/** Layouts of the model's sites, by the names of their values. */
function siteLayouts({ signature, values }: ModelGraph): Layouts {
  const layouts = new Map<string, Layout>();
  for (const reference of allSites(signature)) {
    const name = values[siteKey(reference)];
    if (name === undefined) continue;
    const own = siteDimensions(signature, reference.site).map((size): Length =>
      typeof size === "number" ? size : size === "predicted" ? "next" : "pos",
    );
    layouts.set(name, { dimensions: [null, ...own], list: null });
  }
  return layouts;
}
