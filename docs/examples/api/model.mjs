import { openModel } from "atlasc/runtime";

const request = { source: "@stdlib/models/gpt2-tiny", revision: null, baseFolder: ".", span: null };
const { value: model, diagnostics } = await openModel(request);
if (model === null) throw new Error(diagnostics[0].message);

const ids = model.tokenizer.encode(" father and mother");
console.log(
  ids.length,
  ids.map((id) => model.tokenizer.decodeToken(id)),
);
console.log(model.facts.config.n_layer, Object.keys(model.facts.tensors).length);
