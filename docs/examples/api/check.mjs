import { renderDiagnostics, toJson } from "atlasc";
import { loadProtocol } from "atlasc/runtime";

const text = `model gpt2 from "@stdlib/models/gpt2-tiny"
prompts p from ["Time heals all wounds."]
ablate heads L* measure los
`;
const loaded = await loadProtocol({ path: "sweep.atlas", text });
const { value, diagnostics } = loaded.compiled;
const sources = (path) => loaded.sources.get(path);

console.log(renderDiagnostics(diagnostics, sources));
const [first] = diagnostics.map((diagnostic) => toJson(diagnostic, sources));
console.log(first.code, first.primary.from, first.fixes[0].edits[0].replacement);
console.log([...value.models.keys()]);
