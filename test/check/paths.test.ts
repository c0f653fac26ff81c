/** Direct paths: which conditions `patch … to …` makes, and what the receiver's stream is. */
import assert from "node:assert/strict";
import test from "node:test";
import type { Condition } from "../../src/compiler/ir/protocol.js";
import { siteKey } from "../../src/compiler/models/sites.js";
import { conditionText } from "./condition-text.js";
import { messages, studiesOf } from "./intervention-support.js";

const made = (clause: string, model = ""): readonly Condition[] =>
  studiesOf(`${model}experiment e ${model === "" ? "" : "on other "}patch ${clause} from q into p measure kl`)
    .at(-1)
    ?.conditions.slice(1) ?? [];
const coordinates = (clause: string): readonly string[] =>
  made(clause).map((condition) => Object.values(condition.coordinates).join(" "));
/** Sites that are written, and the streams that they are computed from. */
const writes = (conditions: readonly Condition[]): readonly string[] =>
  conditions.map((condition) =>
    condition.writes
      .map(({ site, unit, replacement }) => {
        assert.ok(replacement.kind === "path");
        return `${siteKey(site)}.${unit ?? "*"} from ${siteKey(replacement.through)}`;
      })
      .join("; "),
  );
const refused = (clause: string): readonly string[] =>
  messages(`experiment e patch ${clause} from q into p measure kl`);

test("the stream is the unmodified one plus the difference of the sender", () => {
  const [condition] = made("heads L0.H1 to q of heads L2.H3");
  assert.ok(condition !== undefined);
  const sender = (texts: string): string => `select(head_out[0] axis=head index=1) of ${texts}`;
  assert.equal(
    conditionText(condition),
    `layer=0 head=1 to_layer=2 to_head=3: q[2].3 = add(resid_pre[2] of p, subtract(${sender("q")}, ${sender("p")}))`,
  );
});

test("receivers are q, k and v of heads, MLPs and the end of the model", () => {
  assert.deepEqual(writes(made("mlp L0 to heads L1.H2")), [
    "q[1].2 from resid_pre[1]; k[1].2 from resid_pre[1]; v[1].2 from resid_pre[1]",
  ]);
  assert.deepEqual(writes(made("embed to v of heads L1.H2")), ["v[1].2 from resid_pre[1]"]);
  assert.deepEqual(writes(made("heads L1.H0 to mlp L1")), ["mlp_out[1].* from resid_mid[1]"]);
  assert.deepEqual(writes(made("attention L0 to logits")), ["final.* from resid_post[2]"]);
  assert.deepEqual(writes(made("layer L0 to mlp L2")), ["mlp_out[2].* from resid_mid[2]"]);
});

test("the stream of an MLP that stands beside attention is that before the layer", () => {
  assert.deepEqual(writes(made("attention L0 to mlp L1", 'model other from "neox"\n')), [
    "mlp_out[1].* from resid_pre[1]",
  ]);
});

test("query heads of a group have one key and one value", () => {
  const llama = 'model other from "llama"\n';
  assert.deepEqual(writes(made("mlp L0 to heads L1.H4", llama)), [
    "q[1].4 from resid_pre[1]; k[1].1 from resid_pre[1]; v[1].1 from resid_pre[1]",
  ]);
  assert.deepEqual(writes(made("mlp L0 to kv_heads L1.H1", llama)), [
    "k[1].1 from resid_pre[1]; v[1].1 from resid_pre[1]",
  ]);
  assert.deepEqual(writes(made("mlp L0 to k of heads L1.H3..5 together over to_head", llama)), [
    "k[1].1 from resid_pre[1]",
  ]);
});

test("senders times receivers, without pairs that have no path", () => {
  assert.deepEqual(coordinates("mlp L0..1 to mlp L*"), ["0 1", "0 2", "1 2"]);
  assert.deepEqual(coordinates("attention L* to mlp L1"), ["0 1", "1 1"]);
  assert.deepEqual(coordinates("mlp L0 to logits at -2..-1"), ["0 -2", "0 -1"]);
  assert.deepEqual(coordinates("heads L0.H0..1 to mlp L1..2 together over layer, head"), ["1", "2"]);
  assert.deepEqual(coordinates("mlp L0 to mlp L1..2 together over to_layer"), ["0"]);
  assert.deepEqual(coordinates("mlp L0..1 to logits together"), [""]);
});

test("what has no path, sends nothing or reads nothing", () => {
  assert.deepEqual(refused("heads L1 to heads L1"), [
    "A3004 expected a receiver behind one of the senders, found heads L1",
  ]);
  assert.deepEqual(refused("neurons L0.N1 to logits"), [
    "A3004 expected a sender that adds to the residual stream: heads, kv_heads, attention, mlp, layer or embed, found neurons",
  ]);
  assert.deepEqual(refused("mlp L0 to attention L1"), [
    "A3004 expected a receiver: heads L3, q of heads L3.H1 (or k, v), kv_heads L3, mlp L3 or logits, found attention",
  ]);
  assert.deepEqual(refused("mlp L0 to q of kv_heads L1"), ["A3004 expected k, v of kv_heads, found q"]);
  assert.deepEqual(refused("mlp L0 to q of mlp L1"), ["A3004 expected mlp without an `of`: it has one input, found q"]);
  assert.deepEqual(refused("mlp L0 to logits L1"), [
    "A3004 expected logits without a place: the model has it once, found L1",
  ]);
  assert.deepEqual(refused("mlp L0 to mlp L1 together over head"), [
    "A3004 expected one of its axes, layer, to_layer, found head",
  ]);
  assert.deepEqual(
    messages("experiment e patch mlp L0 to logits from longer into p measure kl").map((line) => line.slice(0, 5)),
    ["A4304"],
  );
});
