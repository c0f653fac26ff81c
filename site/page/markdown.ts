/** Markdown as the compiler writes it, as elements: paragraphs, lists, fences, tables as text, code, bold, italics and links. */

/** Every text becomes a text node: nothing of it is read as HTML. */
export function markdownElement(text: string): HTMLElement {
  const root = document.createElement("div");
  root.className = "markdown";
  const lines = text.split("\n");
  let paragraph: string[] = [];
  let list: HTMLUListElement | null = null;
  const flush = (): void => {
    if (paragraph.length > 0) root.append(withInline(document.createElement("p"), paragraph.join(" ")));
    paragraph = [];
    list = null;
  };
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const fence = /^(`{3,})\w*$/.exec(line)?.[1];
    if (fence !== undefined) {
      flush();
      const end = lines.indexOf(fence, at + 1);
      const code = document.createElement("pre");
      code.textContent = lines.slice(at + 1, end < 0 ? undefined : end).join("\n");
      root.append(code);
      at = end < 0 ? lines.length : end;
    } else if (line.startsWith("- ")) {
      if (paragraph.length > 0) flush();
      if (list === null) root.append((list = document.createElement("ul")));
      list.append(withInline(document.createElement("li"), line.slice(2)));
    } else if (line.trim() === "") flush();
    else {
      // `unit: nats` is a line of its own, as it is in the comment.
      if (/^[a-z]+: /.test(line)) flush();
      paragraph.push(line.replace(/^#+ /, ""));
    }
  }
  flush();
  return root;
}

function withInline<E extends HTMLElement>(element: E, text: string): E {
  const pieces = text.matchAll(
    /\\([^\w\s])|(`+)(.+?)\2|\*\*(.+?)\*\*|\*([^*\s]+)\*|\[([^\]]*)\]\(([^)\s]*)\)|[^\\`*[]+|[\\`*[]/g,
  );
  for (const [whole, escaped, , code, bold, slanted, label] of pieces) {
    if (escaped !== undefined) element.append(escaped);
    else if (code !== undefined) element.append(tagged("code", code));
    else if (bold !== undefined) element.append(tagged("strong", bold));
    else if (slanted !== undefined) element.append(tagged("em", slanted));
    // Links lead into the repository, which a page is not a part of.
    else element.append(label ?? whole);
  }
  return element;
}

function tagged(name: "code" | "strong" | "em", text: string): HTMLElement {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
}
