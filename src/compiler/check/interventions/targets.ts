/** What an intervention names as its target, and the places of it: `heads L9..10`, `mlp L3`, `resid_pre L*`, `embed`. */
import { partTarget, targetWords, unitOf, whole, type Target } from "../../ir/targets.js";
import { siteCalled, targetCalled } from "../../base/foreign-words.js";
import { nearestNames } from "../../base/suggest.js";
import type { Span } from "../../base/span.js";
import { isSite, siteNames, sites, type SiteName } from "../../models/sites.js";
import type { Name, PlaceLiteral, PlaceUse } from "../../syntax/ast.js";
import { reportError, tooMany, wrongKind } from "../faults.js";
import { noteSite } from "../expressions/value-notes.js";
import { limits } from "../limits.js";
import { placesWithParams } from "../names/param-values.js";
import { resolvePlace, unitCount, type ResolvedPlace } from "../models/places.js";
import type { InterventionContext, PlacePoint } from "./context.js";

/** The part or site of that name; reports and returns null when there is none that can be changed. */
export function targetNamed(cx: InterventionContext, name: Name): Target | null {
  const word = targetWords.find((w) => w === name.text);
  if (word !== undefined) {
    const target = partTarget(word, cx.model.signature);
    // Not every model has every part: a mixture has no neurons that all tokens go through, and others have no experts.
    return target.spots(0, 0).every(({ site }) => checkWritable(cx, site.site, name.span)) ? target : null;
  }
  const site = name.text;
  if (!isSite(site)) {
    const valid: readonly string[] = [...targetWords, ...siteNames.filter((s) => sites[s].writable)];
    const hint = `what can be changed: ${valid.join(", ")}`;
    const called = [targetCalled(site), siteCalled(site)].find((word) => word !== null && valid.includes(word));
    const suggestions = called == null ? nearestNames(site, valid) : [called];
    reportError(cx, "A2004", name.span, { name: site }, { suggestions, hint });
    return null;
  }
  if (!checkWritable(cx, site, name.span)) return null;
  noteSite(cx.model, name.span, site);
  return { word: site, perLayer: sites[site].perLayer, unit: unitOf(site), eachUnit: false, spots: whole(site) };
}

/** Reports a site that nothing reads (A4302) or that the model lacks (A4203). */
export function checkWritable(cx: InterventionContext, site: SiteName, span: Span): boolean {
  if (!sites[site].writable) {
    const hint = site === "head_out" ? "heads are changed at z, before the output projection" : "change logits instead";
    reportError(cx, "A4302", span, { site, reason: "nothing in the model reads it" }, { hint });
    return false;
  }
  const { signature, assumed, name } = cx.model;
  if (assumed || signature.sites.includes(site)) return true;
  const details = {
    expected: `one of ${signature.sites.filter((s) => sites[s].writable).join(", ")}`,
    found: site,
    ...(site === "resid_mid" && signature.parallelResidual
      ? { hint: "attention and MLP read the same residual stream in this family: there is no middle" }
      : {}),
  };
  reportError(cx, "A4203", span, { site, model: name }, details);
  return false;
}

/** Every point that places name, each once, in the order written; null after an error. */
export function placePoints(
  cx: InterventionContext,
  target: Target,
  written: readonly PlaceUse[],
  span: Span,
): readonly PlacePoint[] | null {
  const places = placesWithParams({ params: cx.scope.params, report: cx.report }, written);
  if (places === null) return null;
  const [first] = places;
  if (!target.perLayer) {
    if (first === undefined) return [{ coordinates: {}, spots: target.spots(null, null) }];
    wrongKind(cx, first.span, `${target.word} without a place: the model has it once`, first.text);
    return null;
  }
  if (first === undefined) {
    const site = isSite(target.word) ? target.word : target.spots(null, null)[0]?.site.site;
    reportError(cx, "A3003", span, { site: site ?? target.word }, { hint: exampleOf(target) });
    return null;
  }
  const resolved: ResolvedPlace[] = [];
  for (const place of places) {
    if (!fits(cx, target, place)) continue;
    const found = resolvePlace(place, cx.model, target.unit ?? "head", cx.report);
    if (found !== null) resolved.push(found);
  }
  if (resolved.length < places.length) return null;
  const perLayer = target.eachUnit && target.unit !== null ? unitCount(target.unit, cx.model.signature) : 1;
  const count = resolved.reduce((sum, p) => sum + p.layers.length * (p.units?.length ?? perLayer), 0);
  if (count > limits.conditions) {
    const hint = `name fewer, such as ${target.unit === "neuron" ? "L3.N0..99" : "L3"}`;
    tooMany(cx, span, "conditions", count, "this sweep", "conditions", hint);
    return null;
  }
  const points = new Map<string, PlacePoint>();
  for (const { layers, units } of resolved) {
    const every = target.eachUnit ? Array.from({ length: perLayer }, (_, i) => i) : [null];
    for (const layer of layers) {
      for (const unit of units ?? every) {
        const key = `${layer}.${unit ?? ""}`;
        const coordinates = unit === null || target.unit === null ? { layer } : { layer, [target.unit]: unit };
        if (!points.has(key)) points.set(key, { coordinates, spots: target.spots(layer, unit) });
      }
    }
  }
  return [...points.values()];
}

/** Reports a place that names heads, neurons or experts where the target has none. */
function fits(cx: InterventionContext, target: Target, place: PlaceLiteral): boolean {
  if (place.unit === "none") return true;
  const { unit, word } = target;
  if (unit !== null && place.unit === (unit === "kv_head" ? "head" : unit)) return true;
  if (isSite(word)) {
    const expected = `one of ${sites[word].axes.join(", ")}`;
    const found = `${place.unit} (${place.text})`;
    reportError(cx, "A3002", place.span, { site: word, axis: place.unit }, { expected, found });
  } else wrongKind(cx, place.span, exampleOf(target), place.text);
  return false;
}

function exampleOf({ unit, word, eachUnit }: Target): string {
  if (!eachUnit) return isSite(word) ? `${word} L5, ${word} L* or ${word} L-1` : "a layer such as L5";
  if (unit === "neuron") return "neurons such as L3.N0..99, or a layer";
  return unit === "expert" ? "experts such as L5.E3, or a layer" : "heads such as L5.H3, or a layer";
}
