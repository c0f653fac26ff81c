import { compile } from "atlasc";

const source = {
  path: "sweep.atlas",
  text: 'model m from "@stdlib/models/gpt2-tiny"\nprompts p from "texts.jsonl"\nablate heads L* measure los\n',
};
const nothing = { stdlib: [], files: new Map(), identities: new Map(), models: new Map(), tokens: new Map() };

const { value, diagnostics } = compile(source, nothing, { overrides: new Map() });
console.log(value.kind);
console.log(value.needs.files);
console.log(value.needs.models.map(({ instance }) => instance.source));
console.log(diagnostics.length);
