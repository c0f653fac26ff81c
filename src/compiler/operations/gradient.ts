/** The gradient of a measure with respect to a site of the model. */
import { typeText, type TensorType } from "../ir/tensor-type.js";
import { alignValue } from "./broadcast.js";
import type { Lowered, Operation, TypeFault } from "./operation.js";
import { numberFault, typeFault } from "./typing.js";

/** `grad(metric, site)`: what is asked of the graph; `autodiff/` computes it when the graph is whole. */
const gradient: Operation = {
  name: "grad",
  documentation:
    "∂metric / ∂site: how much the metric, one number for each text, changes with each entry of a site. It has the site's axes.",
  source: "reverse mode: Griewank & Walther, Evaluating Derivatives, 2nd edition (2008), chapter 3",
  arity: 2,
  attributes: {},
  written: { form: "grad(metric, site)", call: { kind: "gradient" }, operator: null },
  failure: null,
  range: { kind: "growing" },
  ofGraph: true,
  decides: false,
  gradient: null,
  type: ([metric, site]): TensorType | TypeFault => {
    if (metric === undefined || site === undefined) throw new RangeError("grad: two inputs are needed");
    const wrong = numberFault("grad", [metric, site]);
    if (wrong !== null) return wrong;
    if (metric.axes.length > 0) {
      const hint = "reduce it first: grad(mean(…), …)";
      return typeFault("grad: the gradient is that of one number", "scalar", typeText(metric), hint);
    }
    // Nats per nat are a number; of a site without a unit, the gradient is in that of the metric.
    return { ...site, unit: site.unit === metric.unit ? "none" : metric.unit };
  },
  origins: ([, site]) => site?.origins ?? new Map(),
  lower: ({ builder }, [metric, site], _, type): Lowered => {
    if (metric === undefined || site === undefined) throw new RangeError("grad: two inputs are needed");
    const value = builder.node("Gradient", [site.value, metric.value]);
    const fault = metric.fault === null ? null : alignValue(builder, metric.fault, [], type.axes);
    return { value, fault, type };
  },
  reference: () => {
    throw new RangeError("grad: a gradient is not a function of the metric's value");
  },
};

export const gradients: readonly Operation[] = [gradient];
