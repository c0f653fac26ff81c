/** What pandas reads in a Parquet file beside its schema. */
import type { BasicType } from "hyparquet-writer";

const types: ReadonlyMap<BasicType, readonly [pandas: string, numpy: string]> = new Map([
  ["STRING", ["unicode", "object"]],
  ["DOUBLE", ["float64", "float64"]],
  // With a capital letter: integers that may be missing. As plain integers, a missing one would make all of them floats.
  ["INT32", ["int32", "Int32"]],
  ["INT64", ["int64", "Int64"]],
]);

/**
 * The metadata by which `pandas.read_parquet` keeps whole numbers whole where some rows have none.
 *
 * @source https://pandas.pydata.org/docs/development/developer.html
 */
export function pandasMetadata(columns: readonly { readonly name: string; readonly type: BasicType }[]): unknown {
  return {
    index_columns: [],
    column_indexes: [],
    columns: columns.map(({ name, type }) => {
      const [pandas, numpy] = types.get(type) ?? ["unicode", "object"];
      return { name, field_name: name, pandas_type: pandas, numpy_type: numpy, metadata: null };
    }),
    creator: { library: "atlasc", version: "1" },
    pandas_version: "2.0.0",
  };
}
