/** The editor: CodeMirror with the compiler's own answers for colours, mistakes, completion and hover. */
import {
  autocompletion,
  completionKeymap,
  type CompletionContext,
  type CompletionResult,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { linter, lintGutter, lintKeymap, type Diagnostic } from "@codemirror/lint";
import { Compartment, EditorState, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  drawSelection,
  EditorView,
  highlightActiveLine,
  hoverTooltip,
  keymap,
  lineNumbers,
  type DecorationSet,
} from "@codemirror/view";
import type { Coloured, Problem, Proposal } from "../host/messages.js";
import { markdownElement } from "./markdown.js";
import type { WorkerClient } from "./worker-client.js";

export interface Editor {
  readonly text: () => string;
  readonly path: () => string;
  /** Another protocol, whose own paths start from `path`. */
  readonly open: (path: string, text: string) => void;
  /** Lays the text out; one with syntax errors stays as it is. */
  readonly format: () => Promise<void>;
  readonly goTo: (offset: number) => void;
}

export interface EditorEvents {
  readonly onProblems: (problems: readonly Problem[]) => void;
  readonly onRun: () => void;
}

/** How long a text must stay as it is before it is checked, in milliseconds. */
const settling = 150;

/** A layer of colours: it moves with what is typed until the worker has the next one. */
function colourLayer() {
  const set = StateEffect.define<readonly Coloured[]>();
  const field = StateField.define<DecorationSet>({
    create: () => Decoration.none,
    update(decorations, transaction) {
      for (const effect of transaction.effects) {
        if (effect.is(set)) return decorationsOf(effect.value, transaction.state.doc.length);
      }
      return decorations.map(transaction.changes);
    },
    provide: (own) => EditorView.decorations.from(own),
  });
  return { set, field };
}

function decorationsOf(colours: readonly Coloured[], length: number): DecorationSet {
  const ranges = colours
    .filter(({ from, to }) => from < to && to <= length)
    .map(({ from, to, name }) => Decoration.mark({ class: name }).range(from, to));
  return Decoration.set(ranges, true);
}

export function createEditor(parent: HTMLElement, worker: WorkerClient, events: EditorEvents): Editor {
  let path = "protocol.atlas";
  const words = colourLayer();
  const names = colourLayer();
  const label = new Compartment();
  const source = (view: EditorView) => ({ path, text: view.state.doc.toString() });
  const isStill = (view: EditorView, asked: { path: string; text: string }): boolean =>
    asked.path === path && asked.text === view.state.doc.toString();

  async function colour(view: EditorView): Promise<void> {
    const asked = source(view);
    const colours = await worker.ask("colours", asked);
    if (isStill(view, asked)) view.dispatch({ effects: words.set.of(colours) });
  }

  async function check(view: EditorView): Promise<Diagnostic[]> {
    const asked = source(view);
    const { problems, names: found } = await worker.ask("analyse", asked);
    if (!isStill(view, asked)) return [];
    view.dispatch({ effects: names.set.of(found) });
    events.onProblems(problems);
    return problems.map((problem) => diagnosticOf(problem, asked.text.length));
  }

  async function complete(context: CompletionContext): Promise<CompletionResult | null> {
    const text = context.state.doc.toString();
    const before = text.slice(0, context.pos);
    if (!context.explicit && !/[\w."/@[ ]$/.test(before)) return null;
    const { from, to, items } = await worker.ask("complete", { path, text, offset: context.pos });
    if (items.length === 0 || (!context.explicit && from === context.pos && !/[."[]$/.test(before))) return null;
    return { from, to, options: items.map(optionOf), validFor: /^\w*$/ };
  }

  const view = new EditorView({
    parent,
    state: EditorState.create({
      extensions: [
        lineNumbers(),
        lintGutter(),
        history(),
        drawSelection(),
        highlightActiveLine(),
        words.field,
        names.field,
        label.of(EditorView.contentAttributes.of({ "aria-label": "Protocol", spellcheck: "false", tabindex: "0" })),
        linter(check, { delay: settling }),
        autocompletion({ override: [complete], icons: false }),
        hoverTooltip(async (own, offset) => {
          const found = await worker.ask("hover", { ...source(own), offset });
          if (found === null) return null;
          return { pos: found.from, end: found.to, above: true, create: () => ({ dom: markdownElement(found.text) }) };
        }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) void colour(update.view);
        }),
        keymap.of([
          { key: "Mod-Enter", run: () => (events.onRun(), true) },
          { key: "Shift-Alt-f", run: () => (void format(), true) },
          ...completionKeymap,
          ...lintKeymap,
          ...historyKeymap,
          ...defaultKeymap,
          indentWithTab,
        ]),
      ],
    }),
  });

  async function format(): Promise<void> {
    const asked = source(view);
    const text = await worker.ask("format", asked);
    if (text === null || text === asked.text || !isStill(view, asked)) return;
    const { head } = view.state.selection.main;
    view.dispatch({
      changes: { from: 0, to: asked.text.length, insert: text },
      selection: { anchor: Math.min(head, text.length) },
    });
  }

  return {
    text: () => view.state.doc.toString(),
    path: () => path,
    open: (other, text) => {
      path = other;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, selection: { anchor: 0 } });
    },
    format,
    goTo: (offset) => {
      view.dispatch({ selection: { anchor: Math.min(offset, view.state.doc.length) }, scrollIntoView: true });
      view.focus();
    },
  };
}

function diagnosticOf({ from, to, severity, code, message, fixes }: Problem, length: number): Diagnostic {
  return {
    from: Math.min(from, length),
    to: Math.min(Math.max(to, from), length),
    severity,
    source: code,
    message,
    actions: fixes.map(({ title, edits }) => ({
      name: title,
      apply: (view) => view.dispatch({ changes: edits.map((edit) => ({ ...edit })) }),
    })),
  };
}

function optionOf({ label, kind, detail, documentation, insert }: Proposal, order: number) {
  return {
    label,
    type: kind,
    detail,
    apply: insert,
    // The compiler knows which is the most likely.
    boost: Math.max(-99, 99 - order),
    ...(documentation === "" ? {} : { info: () => markdownElement(documentation) }),
  };
}
