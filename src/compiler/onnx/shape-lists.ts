/**
 * The lists of lengths that a graph computes with: what `Shape` yields, and what is taken from it and put together. With them the
 * result of an Expand or a Reshape to the shape of another value has that value's lengths.
 */
import { integerAttribute } from "./attributes.js";
import type { Dimension, OnnxNode } from "./graph.js";

/** The entries of an int64 value of one axis, or of none: numbers, or names of lengths; null for what is not known. */
export type LengthList = readonly (Dimension | null)[];

interface Operands {
  readonly shape: (input: number) => readonly Dimension[] | undefined;
  readonly list: (input: number) => LengthList | undefined;
}

/** The entries that a node yields; undefined where it yields no list of lengths, or nothing is known of it. */
export function lengthList(node: OnnxNode, { shape, list }: Operands): LengthList | undefined {
  const first = list(0);
  switch (node.op) {
    case "Shape": {
      const lengths = shape(0);
      const [start, end] = [integerAttribute(node, "start", 0), integerAttribute(node, "end", lengths?.length ?? 0)];
      return lengths?.slice(start, end);
    }
    case "Identity":
    case "Squeeze":
    case "Unsqueeze":
      return first;
    case "Gather": {
      const places = numbers(list(1));
      return first === undefined || places === undefined ? undefined : places.map((place) => first.at(place) ?? null);
    }
    case "Concat": {
      const parts = node.inputs.map((_, i) => list(i));
      return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
    }
    case "Slice": {
      const [starts, ends] = [numbers(list(1)), numbers(list(2))];
      if (first === undefined || starts?.length !== 1 || ends?.length !== 1 || node.inputs.length > 4) return undefined;
      return first.slice(starts[0], ends[0]);
    }
    default:
      return undefined;
  }
}

/** A list of which every entry is a number. */
export function numbers(list: LengthList | undefined): readonly number[] | undefined {
  const known = list?.filter((entry) => typeof entry === "number");
  return known?.length === list?.length ? known : undefined;
}
