import { parse, print } from "atlasc";

const source = { path: "sweep.atlas", text: "ablate   heads L*  measure loss" };
const { value, diagnostics } = parse(source);
if (diagnostics.length === 0) console.log(print(value, source.text));
