/** The report's own script: plain browser JavaScript as text, because it is inlined and never compiled. */
import { formulaStart, signedNumber } from "../store/csv.js";
import { tableScript } from "./table-script.js";
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

${figureScript}
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
