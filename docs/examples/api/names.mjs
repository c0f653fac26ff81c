import { definitionOf, referencesTo, symbolAt } from "atlasc";
import { loadProtocol } from "atlasc/runtime";

const text = `model gpt2 from "@stdlib/models/gpt2-tiny"
prompts p from ["Time heals all wounds."]
metric spread(layer: layer = L3) = PR(resid_post[layer] last 4)
experiment plain measure spread
table plain.spread
plot bar of
`;
const path = "spread.atlas";
const loaded = await loadProtocol({ path, text }, { sideTable: true });
const { sideTable, scope } = loaded.compiled.value;

console.log(scope.filter(({ file }) => file === path).map(({ kind, name }) => `${kind} ${name}`));
const symbol = symbolAt(sideTable, path, text.indexOf("spread\n"));
console.log(text.slice(0, definitionOf(symbol).start).split("\n").length);
console.log(referencesTo(sideTable, symbol).map(({ span }) => text.slice(0, span.start).split("\n").length));
