/** Prompt sets that are run in parts, by the lengths of their continuations, and shown as one. */
import { rememberedIn } from "../base/remembered.js";
import { wholeName, type Protocol } from "../ir/protocol.js";
import type { RowSegment } from "../ir/result-table.js";
import { coordinatesAt, walkRows } from "../ir/study-rows.js";

type StudySegment = Extract<RowSegment, { kind: "study" }>;

/** Rows of one prompt under one condition. */
interface Piece {
  readonly rows: StudySegment["rows"];
  readonly from: number;
  to: number;
  readonly prompt: number;
}

/** Rows in the order that they had if every prompt set were one: those of its parts come one after the other. */
export function joinedParts(segments: readonly StudySegment[], { studies }: Protocol): readonly StudySegment[] {
  if (!studies.some(({ texts }) => wholeName(texts) !== texts)) return segments;
  const axes = new Set(studies.flatMap(({ coordinates }) => Object.keys(coordinates)));
  /** By experiment and coordinates, then by condition, each in the order in which rows bring them. */
  const order = new Map<string, Map<string, Piece[]>>();
  for (const segment of segments) addPieces(segment, axes, order);
  return merged(
    [...order.values()].flatMap((conditions) =>
      [...conditions.values()].flatMap((own) => own.sort((a, b) => a.prompt - b.prompt)),
    ),
  );
}

function addPieces(
  { rows, from, to }: StudySegment,
  axes: ReadonlySet<string>,
  order: Map<string, Map<string, Piece[]>>,
): void {
  let at = from;
  let [condition, text] = [-1, -1];
  let own: Piece[] = [];
  let piece: Piece | null = null;
  walkRows(rows, from, to, (place) => {
    if (piece === null || place.condition !== condition || place.text !== text) {
      const coordinates = coordinatesAt(rows, place);
      if (place.condition !== condition) {
        const study = Object.entries(coordinates).filter(([axis]) => axes.has(axis));
        const conditions = rememberedIn(
          order,
          JSON.stringify([rows.experiment, study]),
          () => new Map<string, Piece[]>(),
        );
        own = rememberedIn(conditions, rows.conditions[place.condition]?.label ?? "", () => []);
      }
      [condition, text] = [place.condition, place.text];
      piece = { rows, from: at, to: at, prompt: Number(coordinates["prompt"] ?? 0) };
      own.push(piece);
    }
    at += 1;
    piece.to = at;
  });
}

/** Segments of pieces; those that continue each other are one. */
function merged(pieces: readonly Piece[]): readonly StudySegment[] {
  const joined: Piece[] = [];
  for (const piece of pieces) {
    const last = joined[joined.length - 1];
    if (last?.rows === piece.rows && last.to === piece.from) last.to = piece.to;
    else joined.push({ ...piece });
  }
  return joined.map(({ rows, from, to }) => ({ kind: "study", rows, from, to }));
}
