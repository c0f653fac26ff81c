/** The report's own script: plain browser JavaScript as text, because it is inlined and never compiled. */
import { formulaStart, signedNumber } from "../store/csv.js";

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

  function csvOf(points) {
    var fields = [];
    points.forEach(function (point) {
      Object.keys(point).forEach(function (field) { if (fields.indexOf(field) < 0) fields.push(field); });
    });
    /* As in saved files: no spreadsheet takes a text for a formula, and numbers stay numbers. */
    function cell(value) {
      var text = value === null || value === undefined ? "" : String(value);
      if (typeof value === "string" && formula.test(text) && !number.test(text)) text = "'" + text;
      return /[",\\n\\r]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
    }
    var lines = [fields.map(cell).join(",")].concat(points.map(function (point) {
      return fields.map(function (field) { return cell(point[field]); }).join(",");
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

  /* Numbers descend first, as one looks for the largest; NaN and empty cells always come last. */
  function compare(a, b, ascending, numeric) {
    if (numeric) {
      var x = a === "" ? NaN : Number(a);
      var y = b === "" ? NaN : Number(b);
      if (isNaN(x) || isNaN(y)) return Number(isNaN(x)) - Number(isNaN(y));
      return ascending ? x - y : y - x;
    }
    return ascending ? a.localeCompare(b) : b.localeCompare(a);
  }

  function sortable(table) {
    var headers = Array.prototype.slice.call(table.tHead.rows[0].cells);
    var body = table.tBodies[0];
    headers.forEach(function (header, column) {
      header.querySelector("button").addEventListener("click", function () {
        var numeric = header.classList.contains("numeric");
        var before = header.getAttribute("aria-sort");
        var ascending = before === "none" ? !numeric : before === "descending";
        headers.forEach(function (other) { other.setAttribute("aria-sort", "none"); });
        header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
        var rows = Array.prototype.slice.call(body.rows);
        rows.sort(function (a, b) {
          return compare(a.cells[column].dataset.sort || "", b.cells[column].dataset.sort || "", ascending, numeric);
        });
        rows.forEach(function (row) { body.appendChild(row); });
      });
    });
  }

  document.querySelectorAll("table.data").forEach(sortable);
  if (typeof vegaEmbed === "function") drawFigures();
})();
`;
