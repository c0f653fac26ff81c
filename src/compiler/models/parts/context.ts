import type { GraphBuilder } from "../../onnx/builder.js";
import type { ModelSignature } from "../model.js";
import { siteKey, type SiteName } from "../sites.js";
import type { WeightSource } from "./weights.js";

/** What the parts of a model need while they add themselves to the graph. */
export interface BuildContext {
  readonly builder: GraphBuilder;
  readonly weights: WeightSource;
  readonly signature: ModelSignature;
  /** Registers a site and returns the value name that the node which computes it must take. */
  site(site: SiteName, layer: number | null): string;
  /** Registers a parameter that identities need (`W_O[3]`) under the name of its value. */
  parameter(name: string, value: string): void;
}

/** A context and the two tables that it fills. */
export interface BuildTables {
  readonly context: BuildContext;
  readonly values: Record<string, string>;
  readonly parameters: Record<string, string>;
}

/** A context for one model. The value of a site has the site's key as its name. */
export function createBuildContext(
  builder: GraphBuilder,
  weights: WeightSource,
  signature: ModelSignature,
): BuildTables {
  const values: Record<string, string> = {};
  const parameters: Record<string, string> = {};
  const context: BuildContext = {
    builder,
    weights,
    signature,
    site(site, layer) {
      const key = siteKey({ site, layer });
      values[key] = key;
      return key;
    },
    parameter(name, value) {
      parameters[name] = value;
    },
  };
  return { context, values, parameters };
}
