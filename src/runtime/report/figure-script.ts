/** The part of the report's script that draws figures: plain browser JavaScript as text. */

/**
 * Colours of what surrounds data, and what they are on a dark page. Colours of data stay as they are: two readers of one
 * figure speak of the same blue.
 */
export const darkColors: Readonly<Record<string, string>> = {
  white: "#1a2029",
  "#1f2430": "#e7ebf1",
  "#5b6472": "#a3adbc",
  "#9aa3af": "#5b6675",
  "#e6e9ee": "#2c3442",
  "#eceef1": "#2a3240",
  "#b8bec8": "#4a5464",
  "#111111": "#ffffff",
  // Of the palette the two that a dark page would hide.
  "#000000": "#e7ebf1",
  "#0072B2": "#3d9be0",
};

/** Keys of a specification whose texts are colours. */
const colorKeys = [
  "color",
  "fill",
  "stroke",
  "background",
  "labelColor",
  "titleColor",
  "subtitleColor",
  "domainColor",
  "tickColor",
  "gridColor",
  "value",
  "range",
];

/** Functions `pointsOf(spec)`, `drawFigures()` and `download(spec, name, kind)` of the page. */
export const figureScript = `
  /* Points lie in the panels of a figure, and in the layers of a panel; of an image in what goes with it. */
  function pointsOf(spec) {
    var numbers = (spec.usermeta || {}).numbers;
    if (numbers) return gridPoints(numbers);
    var own = (spec.data || {}).values || [];
    return (spec.concat || []).reduce(function (all, panel) { return all.concat(pointsOf(panel)); }, own.slice());
  }

  function gridPoints(numbers) {
    var points = [];
    numbers.grids.forEach(function (grid) {
      grid.values.forEach(function (row, r) {
        row.forEach(function (value, c) {
          var point = grid.panel ? { panel: grid.panel } : {};
          point[numbers.rows] = numbers.rowLevels[r];
          point[numbers.columns] = numbers.columnLevels[c];
          point.value = value;
          points.push(point);
        });
      });
    });
    return points;
  }

  var darkColors = ${JSON.stringify(darkColors)};
  var colorKeys = ${JSON.stringify(colorKeys)};
  var dark = window.matchMedia ? window.matchMedia("(prefers-color-scheme: dark)") : { matches: false };

  /* Mixed with white where it would be lost on a dark page. */
  function lighter(color) {
    var parts = /^#(..)(..)(..)$/.exec(color);
    if (!parts) return color;
    var rgb = parts.slice(1).map(function (part) { return parseInt(part, 16); });
    if (0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2] > 75) return color;
    return "#" + rgb.map(function (part) { return Math.round(part + (255 - part) * 0.4).toString(16).padStart(2, "0"); }).join("");
  }

  /* The specification for a dark page. Data are left alone, and so are colours of cells, whose scales have a clamp. */
  function shaded(value, key) {
    if (typeof value === "string") return colorKeys.indexOf(key) >= 0 && Object.prototype.hasOwnProperty.call(darkColors, value) ? darkColors[value] : value;
    if (Array.isArray(value)) return value.map(function (one) { return shaded(one, key); });
    if (typeof value !== "object" || value === null) return value;
    var result = {};
    Object.keys(value).forEach(function (inner) {
      var part = value[inner];
      if (inner === "data" || inner === "usermeta") result[inner] = part;
      else if (inner === "range" && Array.isArray(part)) result[inner] = value.clamp ? part : part.map(function (one) { return typeof one === "string" ? lighter(shaded(one, "range")) : one; });
      else result[inner] = shaded(part, inner);
    });
    return result;
  }

  /* Expressions are interpreted, not compiled, so that the page needs no permission to evaluate text as code. */
  function embed(holder, spec, isDark) {
    return vegaEmbed(holder, isDark ? shaded(spec, "") : spec, { actions: false, renderer: "svg", ast: true, tooltip: { theme: isDark ? "dark" : "light" } });
  }

  /* What is saved is drawn for paper, whatever the page looks like. */
  function download(spec, name, kind) {
    if (kind === "spec") save(name + ".vl.json", new Blob([JSON.stringify(spec, null, 2)], { type: "application/json" }));
    if (kind === "data") save(name + ".csv", new Blob([csvOf(pointsOf(spec))], { type: "text/csv" }));
    if (kind !== "svg" && kind !== "png") return;
    embed(document.createElement("div"), spec, false).then(function (result) {
      if (kind === "svg") result.view.toSVG().then(function (svg) { save(name + ".svg", new Blob([svg], { type: "image/svg+xml" })); });
      else result.view.toImageURL("png", 2).then(function (url) { save(name + ".png", new Blob([bytesOf(url)], { type: "image/png" })); });
    });
  }

  /* Groups of marks say that they are pictures, and have no name to be read out: their marks have. */
  function nameless(holder) {
    Array.prototype.forEach.call(holder.querySelectorAll('[role^="graphics-"], [role="img"]'), function (element) {
      if (element.hasAttribute("aria-label")) return;
      element.removeAttribute("role");
      element.removeAttribute("aria-roledescription");
    });
  }

  function drawFigures() {
    var specs = JSON.parse(document.getElementById("figure-specs").textContent);
    var figures = Array.prototype.slice.call(document.querySelectorAll("[data-figure]"));
    function draw(figure) {
      var holder = document.createElement("div");
      embed(holder, specs[Number(figure.dataset.figure)], dark.matches).then(function (result) {
        nameless(holder);
        if (figure.view) figure.view.finalize();
        figure.view = result.view;
        figure.querySelector(".plot").replaceChildren(holder);
        figure.querySelector(".paper").classList.toggle("shaded", dark.matches);
        figure.querySelector(".downloads").hidden = false;
        figure.dataset.ready = "true";
      }, function (error) {
        /* The picture drawn when the report was written stays in place. */
        console.error(error);
      });
    }
    figures.forEach(function (figure) {
      figure.querySelector(".downloads").addEventListener("click", function (event) {
        var kind = event.target.dataset && event.target.dataset.download;
        if (kind) download(specs[Number(figure.dataset.figure)], figure.dataset.name, kind);
      });
      draw(figure);
    });
    if (dark.addEventListener) dark.addEventListener("change", function () { figures.forEach(draw); });
  }
`;
