"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const data = (id) => JSON.parse(byId(id).textContent);

  // -- traces: unpacked when the first one is asked for ---------------------------------

  let unpacked;
  function traces() {
    unpacked ??= (async () => {
      const packed = byId("data-traces").textContent.trim();
      const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
      return JSON.parse(await new Response(stream).text());
    })();
    return unpacked;
  }

  // A skill's text may stand in a message as it is, or inside a JSON string.
  const skills = Object.entries(data("data-skills")).flatMap(([body, name]) => {
    const quoted = JSON.stringify(body).slice(1, -1);
    return quoted === body ? [[body, name]] : [[body, name], [quoted, name]];
  });

  function marked(text) {
    const found = [];
    for (const [body, name] of skills) {
      const at = text.indexOf(body);
      if (at >= 0) found.push([at, at + body.length, name]);
    }
    found.sort((a, b) => a[0] - b[0]);
    const pre = document.createElement("pre");
    let from = 0;
    for (const [start, end, name] of found) {
      if (start < from) continue;
      const mark = document.createElement("mark");
      mark.title = `skill ${name}`;
      mark.textContent = text.slice(start, end);
      pre.append(text.slice(from, start), mark);
      from = end;
    }
    pre.append(text.slice(from));
    return pre;
  }

  function conversation(all, scope) {
    const column = document.createElement("div");
    const title = document.createElement("h3");
    title.textContent = scope;
    column.append(title);
    const messages = all.traces[scope];
    if (!messages) column.append("This episode was not run, or asked nothing.");
    for (const [role, number] of messages ?? []) {
      const message = document.createElement("div");
      message.className = `message ${role}`;
      const who = document.createElement("b");
      who.textContent = role;
      message.append(who, marked(all.texts[number]));
      column.append(message);
    }
    return column;
  }

  async function show(scopes) {
    const all = await traces();
    byId("conversations").replaceChildren(...scopes.map((scope) => conversation(all, scope)));
    if (!byId("trace").open) byId("trace").showModal();
    history.replaceState(null, "", "#trace=" + scopes.map(encodeURIComponent).join("|"));
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-trace]");
    if (button) show([button.dataset.trace, button.dataset.other].filter(Boolean));
  });

  byId("trace").addEventListener("close", () => {
    history.replaceState(null, "", location.pathname + location.search);
  });

  // A link leads to an update, which may be folded, or to an open trace.
  function follow() {
    const place = location.hash.slice(1);
    if (place.startsWith("trace=")) show(place.slice(6).split("|").map(decodeURIComponent));
    const folded = byId(decodeURIComponent(place));
    if (folded instanceof HTMLDetailsElement) folded.open = true;
  }
  addEventListener("hashchange", follow);
  follow();

  // -- episodes: a page of rows at a time -------------------------------------------------

  const episodes = data("data-episodes");
  const PAGE = 100;
  let first = 0;

  function wanted() {
    const words = byId("find").value.toLowerCase().split(/\s+/).filter(Boolean);
    const verdict = byId("verdict").value;
    return episodes.filter(([scope, sample, is, status, answer, tags]) => {
      if (verdict && is !== verdict) return false;
      const text = [scope, sample, status, answer, ...tags].join(" ").toLowerCase();
      return words.every((word) => text.includes(word));
    });
  }

  function list() {
    const found = wanted();
    first = Math.max(0, Math.min(first, Math.floor((found.length - 1) / PAGE) * PAGE));
    const page = found.slice(first, first + PAGE);
    byId("count").textContent = found.length
      ? `${first + 1} to ${first + page.length} of ${found.length}` : "none";
    byId("before").disabled = first === 0;
    byId("after").disabled = first + PAGE >= found.length;
    byId("rows").replaceChildren(...page.map((episode) => {
      const [scope, sample, verdict, status, answer, tags, there] = episode;
      const row = document.createElement("tr");
      const place = scope.slice(0, -sample.length - 1);
      for (const text of [place, sample, verdict, status, answer, tags.join(", ")]) {
        row.insertCell().textContent = text;
      }
      row.cells[2].className = verdict;
      const last = row.insertCell();
      if (there) {
        const button = document.createElement("button");
        button.type = "button";
        button.dataset.trace = scope;
        button.textContent = "trace";
        button.setAttribute("aria-label", `trace of ${scope}`);
        last.append(button);
      }
      return row;
    }));
  }

  for (const id of ["find", "verdict"]) {
    byId(id).addEventListener("input", () => { first = 0; list(); });
  }
  byId("before").addEventListener("click", () => { first -= PAGE; list(); });
  byId("after").addEventListener("click", () => { first += PAGE; list(); });
  list();

  // -- a served page looks whether its run has gone on ------------------------------------

  const live = document.body.dataset.live;
  if (live) {
    byId("reload").addEventListener("click", () => location.reload());
    setInterval(async () => {
      try {
        const now = await (await fetch("version")).text();
        if (now !== live) byId("news").hidden = false;
      } catch { /* The server has ended; the page stays readable. */ }
    }, 2000);
  }
})();
