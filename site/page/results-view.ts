/** What a run came to, as elements. Texts become text nodes, and pictures are images: nothing of them is read as HTML. */
import type { RunAnswer, ShownCell, ShownDecision, ShownFigure, ShownTable } from "../host/messages.js";

/** An element with a class and what is in it. */
function element<N extends keyof HTMLElementTagNameMap>(
  name: N,
  className: string,
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[N] {
  const own = document.createElement(name);
  if (className !== "") own.className = className;
  own.append(...children);
  return own;
}

export function resultElements(answer: RunAnswer): readonly HTMLElement[] {
  switch (answer.kind) {
    case "rejected":
      return [element("pre", "card rejected", answer.text)];
    case "refused":
      return [element("p", "card notes", answer.sentence)];
    case "ran": {
      const { decisions, figures, tables, notes } = answer;
      return [
        ...(answer.status === "finished" ? [] : [element("p", "card notes", `The run ${answer.status}.`)]),
        ...decisions.map(decisionElement),
        ...tables.map(tableElement),
        ...figures.map(figureElement),
        ...(notes.length === 0 ? [] : [notesElement(notes)]),
      ];
    }
  }
}

function notesElement(notes: readonly string[]): HTMLElement {
  const list = element("ul", "", ...notes.map((note) => element("li", "", note)));
  return element("section", "card notes", element("h2", "", "Notes"), list);
}

function decisionElement({ verdict, title, statement, sentence, tables, figures }: ShownDecision): HTMLElement {
  return element(
    "section",
    "card decision",
    ...(verdict === null ? [] : [element("span", `badge ${verdict.tone}`, verdict.label)]),
    element("h2", "", title),
    ...(statement === null ? [] : [element("code", "statement", statement)]),
    ...(sentence === "" ? [] : [element("p", "note", sentence)]),
    ...tables.map(tableContent),
    ...figures.map(figureElement),
  );
}

function tableElement(table: ShownTable): HTMLElement {
  return element("section", "card table", element("h2", "", table.title), tableContent(table));
}

function tableContent({ title, caption, columns, rows, total, note }: ShownTable): HTMLElement {
  const head = element(
    "tr",
    "",
    ...columns.map(({ name, unit, numeric }) => {
      const cell = element("th", numeric ? "numeric" : "", name);
      cell.scope = "col";
      if (unit !== null) cell.append(" ", element("span", "unit", unit));
      return cell;
    }),
  );
  const body = rows.map((row) =>
    element("tr", "", ...row.map((cell, at) => cellElement(cell, columns[at]?.numeric === true))),
  );
  const scroll = element(
    "div",
    "table-scroll",
    element("table", "", element("thead", "", head), element("tbody", "", ...body)),
  );
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", title === "" ? "Table" : title);
  const left = total - rows.length;
  return element(
    "div",
    "",
    ...(caption === null ? [] : [element("p", "note", caption)]),
    scroll,
    ...(left === 0
      ? []
      : [element("p", "note", `and ${left.toLocaleString("en")} more rows, which this page leaves out`)]),
    ...(note === null ? [] : [element("p", "note", note)]),
  );
}

function cellElement({ text, value, reason, mark }: ShownCell, numeric: boolean): HTMLElement {
  const cell = element("td", numeric ? "numeric" : "");
  if (mark === null) cell.append(text);
  else cell.append(text.slice(0, mark[0]), element("mark", "", text.slice(...mark)), text.slice(mark[1]));
  if (value !== null) cell.dataset["value"] = String(value);
  if (reason !== null) cell.title = reason;
  return cell;
}

function figureElement({ title, description, caption, svg, specification }: ShownFigure): HTMLElement {
  const image = element("img", "");
  image.alt = description;
  image.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  const save = (label: string, content: string, type: string, ending: string): HTMLElement => {
    const link = element("a", "", label);
    link.href = URL.createObjectURL(new Blob([content], { type }));
    link.download = `${title.replace(/[^\w-]+/g, "-").slice(0, 60)}${ending}`;
    return link;
  };
  const links = element(
    "p",
    "links",
    save("SVG", svg, "image/svg+xml", ".svg"),
    save("Vega-Lite", specification, "application/json", ".vl.json"),
  );
  const heading = element("h2", "hidden", title);
  return element(
    "figure",
    "card figure",
    heading,
    element("div", "paper", image),
    ...(caption === null ? [] : []),
    links,
  );
}

/** Frees the pictures of results that are no longer shown. */
export function forgetPictures(container: HTMLElement): void {
  for (const image of container.querySelectorAll("img")) URL.revokeObjectURL(image.src);
  for (const link of container.querySelectorAll("a")) URL.revokeObjectURL(link.href);
}
