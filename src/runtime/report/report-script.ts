/** The report's own script: plain browser JavaScript as text, because it is inlined and never compiled. */
import { formulaStart, signedNumber } from "../store/csv.js";
import { figureScript } from "./figure-script.js";

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

${figureScript}
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
      if (header.querySelector("button") === null) return;
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
