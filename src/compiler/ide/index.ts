/** What editors ask: functions of an {@link Analysis} and an offset, which answer in plain data. */
export { isOwnFile, type Analysis } from "./analysis.js";
export { coloursOf, colourModifiers, colourTypes, type Colour } from "./colours.js";
export { completionsAt, type Completion, type CompletionKind, type Completions } from "./completion.js";
export type { PathWish } from "./candidates.js";
export { documentationOf, type Documentation } from "./documentation.js";
export { changesAt, type Change } from "./fixes.js";
export { hintsIn, lensesOf, type Hint, type Lens } from "./hints.js";
export { hoverAt, type ExperimentSize, type Hover, type SizeOf } from "./hover.js";
export { movedAnalysis, type Moved } from "./moved.js";
export { definitionAt, referencesAt, referencesOf, sharedAt } from "./navigation.js";
export type { Declaration as NamedDeclaration } from "../ir/side-table.js";
export { declarationsLike, foldsOf, outlineOf, selectionsAt, type Fold, type OutlineItem } from "./outline.js";
export { changedMeaning, edited, renamableAt, renameAt, renamingEdits, type Edit, type Renaming } from "./renaming.js";
export { signatureAt, type Signature } from "./signature.js";
