/** The page: an editor on one side, what a run came to on the other. */
import type { Manifest, Problem } from "../host/messages.js";
import { createEditor } from "./editor.js";
import { forgetPictures, resultElements } from "./results-view.js";
import { createWorkerClient, endedText } from "./worker-client.js";

function byId<E extends HTMLElement>(id: string, kind: new () => E): E {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${id}`);
  return found;
}

const site = new URL(".", import.meta.url);
const chooser = byId("examples", HTMLSelectElement);
const runButton = byId("run", HTMLButtonElement);
const stopButton = byId("stop", HTMLButtonElement);
const formatButton = byId("format", HTMLButtonElement);
const status = byId("status", HTMLElement);
const problemList = byId("problems", HTMLUListElement);
const results = byId("results", HTMLElement);

const workerAddress = new URL("worker.js", site);
// Two of them: a run takes its worker's whole attention, and ends with it.
const language = createWorkerClient(workerAddress);
const runner = createWorkerClient(workerAddress);

const editor = createEditor(byId("editor", HTMLElement), language, {
  onProblems: showProblems,
  onRun: () => void run(),
});

function showProblems(problems: readonly Problem[]): void {
  problemList.replaceChildren(
    ...problems.slice(0, 50).map(({ from, severity, code, message }) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = `${severity} ${code}: ${message.split("\n")[0] ?? ""}`;
      button.addEventListener("click", () => editor.goTo(from));
      const item = document.createElement("li");
      item.className = severity;
      item.append(button);
      return item;
    }),
  );
}

let isRunning = false;

function setRunning(running: boolean): void {
  isRunning = running;
  runButton.disabled = running;
  stopButton.disabled = !running;
  results.setAttribute("aria-busy", String(running));
}

function show(elements: readonly HTMLElement[]): void {
  forgetPictures(results);
  results.replaceChildren(...elements);
  results.scrollTop = 0;
}

async function run(): Promise<void> {
  if (isRunning) return;
  setRunning(true);
  status.textContent = "Loading onnxruntime …";
  try {
    const answer = await runner.ask("run", { path: editor.path(), text: editor.text() }, ({ done, total }) => {
      status.textContent = `Running: ${done} of ${total} units`;
    });
    show(resultElements(answer));
    if (answer.kind === "ran") {
      const { units, seconds, rows } = answer;
      const reused = units.reused === 0 ? "" : `, ${units.reused} reused`;
      status.textContent = `${answer.status}: ${rows.toLocaleString("en")} results of ${units.total} units${reused} in ${seconds.toFixed(1)} s`;
    } else status.textContent = answer.kind === "rejected" ? "There are mistakes." : "This is too much for a page.";
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    status.textContent = message === endedText ? "Stopped." : `The run failed: ${message}`;
  } finally {
    setRunning(false);
  }
}

async function open(path: string): Promise<void> {
  const response = await fetch(new URL(`files/${path}`, site));
  if (!response.ok) throw new Error(`${path} cannot be fetched: ${response.status}`);
  editor.open(path, await response.text());
  chooser.value = path;
  history.replaceState(null, "", `#${path}`);
}

async function start(): Promise<void> {
  const manifest = (await (await fetch(new URL("files.json", site))).json()) as Manifest;
  for (const { path, title } of manifest.examples) {
    const option = document.createElement("option");
    option.value = path;
    option.textContent = title === "" ? path : `${path}: ${title}`;
    chooser.append(option);
  }
  const wanted = decodeURIComponent(location.hash.slice(1));
  const known = manifest.examples.some(({ path }) => path === wanted);
  const first = manifest.examples[0]?.path;
  if (known || first !== undefined) await open(known ? wanted : (first ?? wanted));
}

function tell(error: unknown): void {
  status.textContent = error instanceof Error ? error.message : String(error);
}

runButton.addEventListener("click", () => void run());
stopButton.addEventListener("click", () => runner.end());
formatButton.addEventListener("click", () => void editor.format().catch(tell));
chooser.addEventListener("change", () => {
  // Results of one protocol beside the text of another would be read as its own.
  if (isRunning) runner.end();
  show([]);
  status.textContent = "";
  void open(chooser.value).catch(tell);
});
start().catch(tell);
