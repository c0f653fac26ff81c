/** Dense tensors in onnxruntime's memory, of the processor or of a device: made, described, read. */
import { arrayTypes } from "../feeds.js";
import type { EngineElementType, EngineTensor } from "../messages.js";
import { copyIn, copyOut, textAt, type CApi, type Pointer } from "./c-functions.js";
import type { Library } from "./c-library.js";
import type { HeldTensor } from "./runtime.js";

/** Element types by onnxruntime's numbers, with their bytes. */
const elementTypes: ReadonlyMap<number, readonly [name: string, bytes: number]> = new Map([
  [1, ["float32", 4]],
  [6, ["int32", 4]],
  [7, ["int64", 8]],
  [9, ["bool", 1]],
  [10, ["float16", 2]],
  [11, ["float64", 8]],
  [16, ["bfloat16", 2]],
]);

const numbersOfTypes = new Map([...elementTypes].map(([number, [name]]) => [name, number]));

/** onnxruntime's number of an element type. @throws RangeError for one that atlasc does not know (a fault of ours) */
export function elementNumber(type: string): number {
  const number = numbersOfTypes.get(type);
  if (number === undefined) throw new RangeError(`elementNumber: ${type}`);
  return number;
}

/** Type and sizes of a tensor. */
export interface Layout {
  readonly type: string;
  readonly dims: readonly number[];
}

/** The values of this runtime by what holds them, which a session of it takes back. */
const values = new WeakMap<HeldTensor, Pointer>();

/** The OrtValue behind a tensor; undefined for one that was released. */
export function valueOf(tensor: HeldTensor): Pointer | undefined {
  return values.get(tensor);
}

/**
 * An OrtValue as a tensor, which from now on owns it.
 *
 * @param download makes a copy in the processor's memory; null for a value that is there already
 */
export function held(
  api: CApi,
  value: Pointer,
  { type, dims }: Layout,
  download: ((value: Pointer, layout: Layout) => Pointer) | null,
): HeldTensor {
  const result: HeldTensor = {
    type,
    dims,
    read: () => {
      if (download === null) return readHere(api, value, { type, dims });
      const copy = download(value, { type, dims });
      try {
        return readHere(api, copy, { type, dims });
      } finally {
        api.call("ReleaseValue", copy);
      }
    },
    release: () => {
      values.delete(result);
      api.call("ReleaseValue", value);
    },
  };
  values.set(result, value);
  return result;
}

function readHere(api: CApi, value: Pointer, { type, dims }: Layout): EngineTensor {
  if (!isElementType(type)) throw new RangeError(`tensors of ${type} do not cross the border`);
  const data = copyOut(api.pointer("GetTensorMutableData", value), bytesOf({ type, dims }));
  return { type, dims, data: new arrayTypes[type](data) } as EngineTensor;
}

function isElementType(type: string): type is EngineElementType {
  return Object.hasOwn(arrayTypes, type);
}

/** Bytes of a tensor. */
export function bytesOf({ type, dims }: Layout): number {
  const [, bytes] = elementTypes.get(elementNumber(type)) ?? ["", 0];
  return bytes * dims.reduce((product, size) => product * size, 1);
}

/** A tensor of the processor's memory, as yet without numbers. */
export function emptyTensor({ api, allocator }: Library, { type, dims }: Layout): Pointer {
  const shape = BigInt64Array.from(dims, BigInt);
  return api.pointer("CreateTensorAsOrtValue", allocator, shape, dims.length, elementNumber(type));
}

/** A copy in onnxruntime's memory: the garbage collector may move what JavaScript has. */
export function hold(library: Library, { type, dims, data }: EngineTensor): HeldTensor {
  const value = emptyTensor(library, { type, dims });
  const place = library.api.pointer("GetTensorMutableData", value);
  copyIn(place, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return held(library.api, value, { type, dims }, null);
}

/** Type and sizes that an OrtTensorTypeAndShapeInfo tells; −1 for a size that has a symbol, or none. */
export function layoutOf(api: CApi, info: Pointer): Layout & { readonly symbols: readonly string[] } {
  const number = api.number("GetTensorElementType", info);
  const [type] = elementTypes.get(number) ?? [`of onnxruntime's type ${number}`];
  const rank = api.number("GetDimensionsCount", info);
  const sizes = new BigInt64Array(rank);
  const names = new BigUint64Array(rank);
  if (rank > 0) {
    api.call("GetDimensions", info, sizes, rank);
    api.call("GetSymbolicDimensions", info, names, rank);
  }
  return {
    type,
    dims: Array.from(sizes, Number),
    symbols: Array.from(names, (at) => (at === 0n ? "" : textAt(at))),
  };
}

/** Type and sizes of an OrtValue. */
export function layoutOfValue(api: CApi, value: Pointer): Layout {
  const info = api.pointer("GetTensorTypeAndShape", value);
  try {
    const { type, dims } = layoutOf(api, info);
    return { type, dims };
  } finally {
    api.call("ReleaseTensorTypeAndShapeInfo", info);
  }
}
