/** The report's own script: plain browser JavaScript as text, because it is inlined and never compiled. */
import { formulaStart, signedNumber } from "../store/csv.js";
import { tableScript } from "./table-script.js";

export const reportScript = `(function () {
  "use strict";

  function save(name, blob) {
    var link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    document.body.appendChild(link);
    link.click();
    link.remove();
    setTimeout(function () { URL.revokeObjectURL(link.href); }, 1000);
  }

  /* Panels of a figure hold the data; a figure of several panels holds them one level down. */
  function pointsOf(spec) {
    var panels = spec.concat || [spec];
    return panels.reduce(function (all, panel) { return all.concat((panel.data || {}).values || []); }, []);
  }

  var formula = new RegExp(${JSON.stringify(formulaStart.source)});
  var number = new RegExp(${JSON.stringify(signedNumber.source)});

  /* As in saved files: no spreadsheet takes a text for a formula, and numbers stay numbers. */
  function csvCell(value) {
    var text = value === null || value === undefined ? "" : String(value);
    if (typeof value === "string" && formula.test(text) && !number.test(text)) text = "'" + text;
    return /[",\\n\\r]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
  }

  function csvOf(points) {
    var fields = [];
    points.forEach(function (point) {
      Object.keys(point).forEach(function (field) { if (fields.indexOf(field) < 0) fields.push(field); });
    });
    var lines = [fields.map(csvCell).join(",")].concat(points.map(function (point) {
      return fields.map(function (field) { return csvCell(point[field]); }).join(",");
    }));
    return lines.join("\\n") + "\\n";
  }

  function bytesOf(dataUrl) {
    var raw = atob(dataUrl.slice(dataUrl.indexOf(",") + 1));
    var bytes = new Uint8Array(raw.length);
    for (var i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
    return bytes;
  }

  function download(view, spec, name, kind) {
    if (kind === "svg") view.toSVG().then(function (svg) { save(name + ".svg", new Blob([svg], { type: "image/svg+xml" })); });
    if (kind === "png") view.toImageURL("png", 2).then(function (url) { save(name + ".png", new Blob([bytesOf(url)], { type: "image/png" })); });
    if (kind === "spec") save(name + ".vl.json", new Blob([JSON.stringify(spec, null, 2)], { type: "application/json" }));
    if (kind === "data") save(name + ".csv", new Blob([csvOf(pointsOf(spec))], { type: "text/csv" }));
  }

  function drawFigures() {
    var specs = JSON.parse(document.getElementById("figure-specs").textContent);
    document.querySelectorAll("[data-figure]").forEach(function (figure) {
      var spec = specs[Number(figure.dataset.figure)];
      var holder = document.createElement("div");
      /* Expressions are interpreted, not compiled, so that the page needs no permission to evaluate text as code. */
      vegaEmbed(holder, spec, { actions: false, renderer: "svg", ast: true, tooltip: { theme: "light" } }).then(function (result) {
        var plot = figure.querySelector(".plot");
        plot.replaceChildren(holder);
        var menu = figure.querySelector(".downloads");
        menu.hidden = false;
        menu.addEventListener("click", function (event) {
          var kind = event.target.dataset && event.target.dataset.download;
          if (kind) download(result.view, spec, figure.dataset.name, kind);
        });
        figure.dataset.ready = "true";
      }, function (error) {
        /* The picture drawn when the report was written stays in place. */
        console.error(error);
      });
    });
  }

${tableScript}
  startTables();
  document.querySelectorAll("[data-copy]").forEach(function (button) {
    button.parentElement.hidden = false;
    button.addEventListener("click", function () {
      var lines = Array.prototype.map.call(button.closest(".card").querySelectorAll("p:not(.buttons)"), function (p) { return p.textContent; });
      copyText(button, lines.join("\\n\\n"), button.parentElement);
    });
  });
  if (typeof vegaEmbed === "function") drawFigures();
})();
`;
