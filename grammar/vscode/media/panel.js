/** The page of the results panel. Whatever it is told is shown as text. */
const editor = acquireVsCodeApi();
const content = document.getElementById("content");
let state = null;

/** An element with its text or its children. */
function element(name, className, ...inner) {
  const made = document.createElement(name);
  if (className !== "") made.className = className;
  made.append(...inner);
  return made;
}

function button(label, message, className = "") {
  const made = element("button", className, label);
  made.type = "button";
  made.addEventListener("click", () => editor.postMessage(message));
  return made;
}

function elapsed(since) {
  const seconds = Math.max(0, Math.round((Date.now() - since) / 1000));
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function running({ title, since, progress, stopping }) {
  const bar = document.createElement("progress");
  const said = progress === null ? "Preparing" : `${progress.done} of ${progress.total} units, ${progress.left}`;
  if (progress !== null) [bar.max, bar.value] = [Math.max(1, progress.total), progress.done];
  bar.setAttribute("aria-label", said);
  const note = stopping ? "Stopping: what is finished is kept." : said;
  return [
    element("h1", "", title),
    bar,
    element("p", "note", note, element("span", "elapsed", elapsed(since))),
    button(stopping ? "Stop now" : "Stop", { kind: "stop" }, stopping ? "danger" : ""),
  ];
}

function problem({ severity, code, message, details, place }, index) {
  const head = element("div", "head", element("span", `severity ${severity}`, `${severity} ${code}`));
  if (place !== null) {
    const name = place.file.split(/[\\/]/).at(-1);
    head.append(button(`${name}:${place.line}:${place.column}`, { kind: "show", index }, "link"));
  }
  return element(
    "li",
    "",
    head,
    element("p", "message", message),
    ...details.map((line) => element("p", "detail", line)),
  );
}

function ended({ title, note, problems, lines }) {
  return [
    element("h1", "", title),
    ...(note === "" ? [] : [element("p", "note", note)]),
    ...(problems.length === 0 ? [] : [element("ul", "problems", ...problems.map(problem))]),
    ...(lines.length === 0 ? [] : [element("pre", "", lines.join("\n"))]),
    button("Run again", { kind: "again" }),
  ];
}

function draw() {
  if (state !== null) content.replaceChildren(...(state.kind === "running" ? running(state) : ended(state)));
}

window.addEventListener("message", ({ data }) => {
  state = data;
  draw();
});
setInterval(() => {
  const shown = content.querySelector(".elapsed");
  if (shown !== null && state?.kind === "running") shown.textContent = elapsed(state.since);
}, 500);
editor.postMessage({ kind: "ready" });
