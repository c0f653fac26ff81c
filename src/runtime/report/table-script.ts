/** What the tables of a report do in a browser: plain JavaScript as text, because it is inlined and never compiled. */

/**
 * Defines `startTables()` and `copyText(button, text, beside)`. It expects `save(name, blob)` and `csvCell(value)`. A table is rows of cells `{ value, text, … }`
 * read from the page itself or from its packed columns, an order of them, and the page of that order which is shown.
 */
export const tableScript = `
  var rowsOfPage = 100;

  function bytesOfBase64(text) {
    if (typeof Uint8Array.fromBase64 === "function") return Uint8Array.fromBase64(text);
    var raw = atob(text);
    var bytes = new Uint8Array(raw.length);
    for (var i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
    return bytes;
  }

  function numberText(value, notation) {
    if (!isFinite(value)) return String(value);
    if (value === 0) return "0";
    return (notation.signed && value > 0 ? "+" : "") + (notation.exponential ? value.toExponential(3) : value.toFixed(notation.decimals));
  }

  /* Rows that stand in the page: what they show is there already. */
  function rowsInPage(body) {
    var rows = Array.prototype.slice.call(body.rows);
    var at = function (row, column) { return rows[row].cells[column]; };
    return {
      count: rows.length,
      number: function (row, column) { var text = at(row, column).dataset.sort; return text === "" ? NaN : Number(text); },
      raw: function (row, column) { return at(row, column).dataset.sort || ""; },
      text: function (row, column) { return at(row, column).textContent; },
      error: function (row, column) { return at(row, column).dataset.error || ""; },
      element: function (row) { return rows[row]; }
    };
  }

  function unpack(buffer, meta, index) {
    var length = new DataView(buffer).getUint32(0, true);
    var head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    var slice = function (own) {
      if (!own) return null;
      return own.type === "f64" ? new Float64Array(buffer, 4 + length + own.offset, head.rows) : new Int32Array(buffer, 4 + length + own.offset, head.rows);
    };
    var columns = head.columns.map(function (own, i) {
      return {
        kind: meta.columns[i].kind, numeric: own.numeric, notation: own.notation, values: slice(own.values), texts: own.texts,
        absent: slice(own.absent), errors: slice(own.errors), reasons: slice(own.reasons), shown: slice(own.shown), words: own.words,
        marks: own.marks && own.marks.map(slice)
      };
    });
    function isAbsent(own, row) { return own.texts ? own.values[row] < 0 : own.absent !== null && own.absent[row] === 1; }
    function text(row, column) {
      var own = columns[column];
      if (isAbsent(own, row)) return "\\u00b7";
      if (own.shown && own.shown[row] >= 0) return own.words[own.shown[row]];
      if (own.texts) return own.texts[own.values[row]];
      if (own.kind !== "value") return String(own.values[row]);
      var shown = numberText(own.values[row], own.notation).replace(/^-/, "\\u2212");
      var error = own.errors ? own.errors[row] : NaN;
      return isNaN(error) ? shown : shown + " \\u00b1 " + numberText(error, { decimals: own.notation.decimals, exponential: own.notation.exponential });
    }
    function raw(row, column) {
      var own = columns[column];
      if (isAbsent(own, row)) return "";
      return own.texts ? own.texts[own.values[row]] : String(own.values[row]);
    }
    function cell(row, column) {
      var own = columns[column];
      var td = document.createElement("td");
      var value = own.numeric && !isAbsent(own, row) ? own.values[row] : null;
      td.className = (own.numeric ? "numeric " : "") + own.kind;
      if (own.kind === "text" && text(row, column).length <= 40) td.classList.add("short");
      if (own.kind === "value" && value !== null && isNaN(value)) td.classList.add("nan");
      else if (own.notation.signed && value) td.classList.add(value > 0 ? "positive" : "negative");
      td.dataset.sort = raw(row, column);
      var shown = text(row, column);
      if (own.marks && own.marks[0][row] >= 0) {
        var mark = document.createElement("mark");
        mark.textContent = shown.slice(own.marks[0][row], own.marks[1][row]);
        td.append(shown.slice(0, own.marks[0][row]), mark, shown.slice(own.marks[1][row]));
      } else {
        var isolated = document.createElement("bdi");
        isolated.textContent = shown;
        td.append(isolated);
      }
      var reason = own.reasons ? own.reasons[row] : -1;
      if (reason >= 0) {
        td.title = meta.reasons[reason];
        var note = document.createElement("sup");
        var link = document.createElement("a");
        link.href = "#table-" + index + "-reason-" + (reason + 1);
        link.textContent = String(reason + 1);
        note.append(link);
        td.append(note);
      }
      return td;
    }
    /* Texts are sorted by the order of their dictionary, which has each of them once. */
    var ranks = columns.map(function () { return null; });
    function rank(column) {
      var texts = columns[column].texts;
      if (ranks[column] === null) {
        var order = texts.map(function (_, i) { return i; }).sort(function (a, b) { return texts[a].localeCompare(texts[b]); });
        ranks[column] = new Int32Array(texts.length);
        order.forEach(function (place, i) { ranks[column][place] = i; });
      }
      return ranks[column];
    }
    return {
      count: head.rows, text: text, raw: raw,
      number: function (row, column) {
        var own = columns[column];
        if (isAbsent(own, row)) return NaN;
        return own.texts ? rank(column)[own.values[row]] : own.values[row];
      },
      error: function (row, column) { var e = columns[column].errors; return e === null || isNaN(e[row]) ? "" : String(e[row]); },
      element: function (row) {
        var tr = document.createElement("tr");
        columns.forEach(function (_, column) { tr.append(cell(row, column)); });
        return tr;
      }
    };
  }

  function unzip(text) {
    var stream = new Blob([bytesOfBase64(text)]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).arrayBuffer();
  }

  /* Words that a row has to have, and comparisons such as layer>3, which are of a column. */
  function testsOf(text, meta) {
    return text.trim().split(/\\s+/).filter(Boolean).map(function (term) {
      var parts = /^(.+?)(<=|>=|!=|<|>|=)(-?[\\d.]+(?:e[+-]?\\d+)?)$/i.exec(term);
      var column = parts === null ? -1 : meta.columns.findIndex(function (own) { return own.name.replace(/\\s+/g, "") === parts[1]; });
      if (column < 0) {
        var word = term.toLowerCase();
        return function (rows, row) {
          for (var c = 0; c < meta.columns.length; c++) if (rows.text(row, c).toLowerCase().indexOf(word) >= 0) return true;
          return false;
        };
      }
      var bound = Number(parts[3]);
      var holds = {
        "<": function (x) { return x < bound; }, ">": function (x) { return x > bound; }, "<=": function (x) { return x <= bound; },
        ">=": function (x) { return x >= bound; }, "=": function (x) { return x === bound; }, "!=": function (x) { return x !== bound; }
      }[parts[2]];
      return function (rows, row) { var raw = rows.raw(row, column); return raw !== "" && holds(Number(raw)); };
    });
  }

  function copyText(button, text, beside) {
    var done = function () {
      var before = button.textContent;
      button.textContent = "Copied";
      setTimeout(function () { button.textContent = before; }, 1500);
    };
    var byHand = function () {
      var area = document.createElement("textarea");
      area.value = text;
      beside.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      button.focus();
      done();
    };
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, byHand);
    else byHand();
  }

  function startTable(card) {
    var table = card.querySelector("table.data");
    var own = card.querySelector(".table-columns");
    if (own === null) return;
    var meta = JSON.parse(own.textContent);
    var body = table.tBodies[0];
    var packed = card.querySelector(".table-rows");
    var rows = packed === null ? rowsInPage(body) : null;
    var headers = Array.prototype.slice.call(table.tHead.rows[table.tHead.rows.length - 1].cells);
    var tools = card.querySelector(".table-tools");
    var pager = card.querySelector(".pager");
    var count = card.querySelector(".row-count");
    var filter = card.querySelector("input[type=search]");
    var sorting = null;
    var order = null;
    var page = 0;
    if (tools === null) return;

    /* Columns are unpacked when somebody wants more than the first rows. */
    var opening = null;
    function opened() {
      if (rows !== null) return Promise.resolve();
      if (opening === null) {
        card.setAttribute("aria-busy", "true");
        opening = unzip(packed.textContent).then(function (buffer) {
          rows = unpack(buffer, meta, card.dataset.table);
          card.removeAttribute("aria-busy");
        });
      }
      return opening;
    }

    function arrange() {
      var tests = filter === null ? [] : testsOf(filter.value, meta);
      var kept = [];
      for (var row = 0; row < rows.count; row++) {
        if (tests.every(function (holds) { return holds(rows, row); })) kept.push(row);
      }
      order = Int32Array.from(kept);
      if (sorting === null) return;
      var column = sorting.column;
      var ascending = sorting.ascending;
      if (packed !== null || headers[column].classList.contains("numeric")) {
        var keys = new Float64Array(rows.count);
        for (var r = 0; r < rows.count; r++) keys[r] = rows.number(r, column);
        /* NaN and empty cells always come last, and equal ones keep their order. */
        order.sort(function (a, b) {
          var x = keys[a];
          var y = keys[b];
          if (isNaN(x) || isNaN(y)) return Number(isNaN(x)) - Number(isNaN(y)) || a - b;
          return (ascending ? x - y : y - x) || a - b;
        });
      } else {
        order = Int32Array.from(Array.from(order).sort(function (a, b) {
          var text = rows.raw(a, column).localeCompare(rows.raw(b, column));
          return (ascending ? text : -text) || a - b;
        }));
      }
    }

    function many(number) { return number.toLocaleString("en"); }

    function show() {
      var pages = Math.max(1, Math.ceil(order.length / rowsOfPage));
      page = Math.min(page, pages - 1);
      var from = packed === null ? 0 : page * rowsOfPage;
      var to = packed === null ? order.length : Math.min(order.length, from + rowsOfPage);
      var shown = [];
      for (var i = from; i < to; i++) {
        var element = rows.element(order[i]);
        if (packed !== null) element.setAttribute("aria-rowindex", String(i + 2));
        shown.push(element);
      }
      body.replaceChildren.apply(body, shown);
      say(rows.count, order.length, from, to, pages);
    }

    function say(all, found, from, to, pages) {
      count.textContent = found === all ? many(all) + (all === 1 ? " row" : " rows") : many(found) + " of " + many(all) + " rows";
      if (pager === null) return;
      pager.querySelector(".page-text").textContent = found === 0 ? "no rows" : many(from + 1) + "\\u2013" + many(to) + " of " + many(found);
      pager.querySelectorAll("button").forEach(function (button) {
        var back = button.dataset.page === "first" || button.dataset.page === "back";
        button.disabled = back ? page === 0 : page === pages - 1;
      });
    }

    function renew() { return opened().then(function () { arrange(); show(); }); }

    function everyRow(separator, cellOf) {
      var ends = [];
      meta.columns.forEach(function (own, c) {
        var name = (own.heading === null ? "" : own.heading + " ") + own.name + (own.unit === null ? "" : " (" + own.unit + ")");
        ends.push({ name: name, of: function (r) { return rows.raw(r, c); } });
        for (var r = 0; r < Math.min(rows.count, 1000); r++) if (rows.error(r, c) !== "") {
          ends.push({ name: name + " standard error", of: function (r) { return rows.error(r, c); } });
          break;
        }
      });
      var lines = [ends.map(function (end) { return cellOf(end.name); }).join(separator)];
      order.forEach(function (row) { lines.push(ends.map(function (end) { return cellOf(end.of(row)); }).join(separator)); });
      return lines.join("\\n") + "\\n";
    }

    headers.forEach(function (header, column) {
      header.querySelector("button").addEventListener("click", function () {
        var before = header.getAttribute("aria-sort");
        var ascending = before === "none" ? !header.classList.contains("numeric") : before === "descending";
        headers.forEach(function (other) { other.setAttribute("aria-sort", "none"); });
        header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
        sorting = { column: column, ascending: ascending };
        page = 0;
        renew();
      });
    });
    var waiting = null;
    if (filter !== null) filter.addEventListener("input", function () {
      clearTimeout(waiting);
      waiting = setTimeout(function () { page = 0; renew(); }, packed === null ? 0 : 200);
    });
    tools.addEventListener("click", function (event) {
      var kind = event.target.dataset && event.target.dataset.do;
      if (!kind) return;
      opened().then(function () {
        if (order === null) arrange();
        if (kind === "csv") save(card.dataset.name + ".csv", new Blob([everyRow(",", csvCell)], { type: "text/csv" }));
        else copyText(event.target, everyRow("\\t", function (text) { return String(text).replace(/[\\t\\r\\n]+/g, " "); }), card);
      });
    });
    if (pager !== null) pager.addEventListener("click", function (event) {
      var where = event.target.dataset && event.target.dataset.page;
      if (!where) return;
      opened().then(function () {
        if (order === null) arrange();
        var last = Math.max(0, Math.ceil(order.length / rowsOfPage) - 1);
        page = { first: 0, back: Math.max(0, page - 1), next: Math.min(last, page + 1), last: last }[where];
        show();
        table.parentElement.scrollTop = 0;
      });
    });
    tools.hidden = false;
    var all = packed === null ? rows.count : Number(table.getAttribute("aria-rowcount")) - 1;
    if (pager !== null) pager.hidden = false;
    say(all, all, 0, Math.min(all, rowsOfPage), Math.ceil(all / rowsOfPage));
  }

  function startTables() { document.querySelectorAll("[data-table]").forEach(startTable); }
`;
