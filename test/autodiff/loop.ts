/** A loop whose steps know nothing of each other. */
import { int, subgraph } from "../../src/compiler/onnx/attributes.js";
import { createGraphBuilder, type GraphBuilder } from "../../src/compiler/onnx/builder.js";

/** Softmax(x) · e^y · c in each step, with a constant c of the graph around it, beside a result that nothing reads. */
export function loop(builder: GraphBuilder, [x = "", y = ""]: readonly string[]): string {
  const factor = builder.node("Cast", [builder.constant("float32", [1, 2], [2, 3])], { to: int(11) });
  const inner = createGraphBuilder("step");
  const scope = inner.scope("step");
  const own = inner.input("step/x", "float64", ["places", 2]);
  const other = inner.input("step/y", "float64", ["places", 1]);
  const shares = scope.node("Softmax", [own], { axis: int(-1) });
  const product = scope.node("Mul", [scope.node("Mul", [shares, scope.node("Exp", [other])]), factor]);
  const unread = scope.node("Neg", [other]);
  const body = inner.finish([
    { name: product, type: "float64", shape: ["places", 2] },
    { name: unread, type: "float64", shape: ["places", 1] },
  ]);
  const outputs = builder.nodeWithOutputs("Scan", [x, y], ["product", "unread"], {
    num_scan_inputs: int(2),
    body: subgraph(body),
  });
  return outputs[0] ?? "";
}
