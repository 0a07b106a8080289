// The report's page. Everything that was found is put on it as text; no markup is ever made of it.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
const LEVELS = ["critical", "high", "medium", "low"];
const ROW = 36; // pixels, as the style sheet has it
const BEYOND = 12; // rows that are drawn above and below those in sight
const STATES = ["current", "leased", "active", "unchecked", "unmanaged", "previous", "inactive", "destroyed"];

/** A new element with a class, text and attributes. */
function made(name, className, text, attributes = {}) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

// --- the findings, with what they are filtered, sorted and grouped by

const findings = data.findings.map((finding, index) => {
  const rule = data.rules[finding.r];
  const path = data.paths[finding.p];
  const commit = finding.c === undefined ? undefined : data.commits[finding.c];
  const words = [path, rule.id, rule.title, finding.text.join(""), finding.id, finding.place, finding.told ?? ""];
  if (commit) words.push(commit.id, commit.author, commit.message);
  return {
    ...finding, index, rule, path, commit,
    level: LEVELS.indexOf(finding.severity),
    words: words.join("\n").toLowerCase(),
  };
});
const hasStates = findings.some((finding) => finding.state);
const hasSuppressed = findings.some((finding) => finding.suppressed);
const where = (finding) => `${finding.path}:${finding.line}:${finding.column}`;

const GROUPS = {
  none: { name: "nothing" },
  secret: { name: "secret", key: (f) => f.same, title: (f) => `${f.rule.title} ${f.mask}` },
  rule: { name: "rule", key: (f) => f.r, title: (f) => `${f.rule.title} (${f.rule.id})` },
  path: { name: "path", key: (f) => f.p, title: (f) => f.path },
  commit: {
    name: "commit", key: (f) => f.c ?? -1,
    title: (f) => f.commit ? `${f.commit.id.slice(0, 12)} ${f.commit.message.split("\n")[0]}` : "no commit",
  },
  verdict: { name: "verdict", key: (f) => f.state ?? "", title: (f) => f.state ?? "not asked" },
  severity: { name: "severity", key: (f) => f.severity, title: (f) => f.severity },
};
const COLUMNS = [
  { name: "Severity", by: (a, b) => a.level - b.level },
  { name: "Rule", by: (a, b) => compare(a.rule.title, b.rule.title) },
  { name: "Place", by: (a, b) => compare(a.path, b.path) || a.line - b.line },
  { name: "Line", by: (a, b) => compare(a.text[0] + a.text[2], b.text[0] + b.text[2]) },
  { name: "Verdict", by: (a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state) },
];
const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

const wish = {
  query: "", severity: "", confidence: "", state: "", rule: "", suppressed: "open",
  group: "none", sort: 0, down: false, path: "",
};
const closed = new Set(); // groups that are folded
let matching = [];
let lines = []; // what the list shows: { finding } or { group, key, count }
let chosen = 0;

/** Applies the wishes: filters, sorts, groups. */
function apply(keep) {
  const before = keep && lines[chosen];
  const asked = wish.query.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (f) =>
    (!wish.severity || f.severity === wish.severity) &&
    (!wish.confidence || f.confidence === wish.confidence) &&
    (!wish.state || (f.state ?? "none") === wish.state) &&
    (!wish.rule || f.rule.id === wish.rule) &&
    (!wish.path || f.path === wish.path) &&
    (wish.suppressed === "all" || Boolean(f.suppressed) === (wish.suppressed === "suppressed")) &&
    asked.every((word) => f.words.includes(word));
  matching = findings.filter(fits);
  const { by } = COLUMNS[wish.sort];
  const sign = wish.down ? -1 : 1;
  matching.sort((a, b) => sign * by(a, b) || a.index - b.index);
  fold();
  chosen = Math.max(0, before?.finding ? lines.findIndex((line) => line.finding === before.finding) : 0);
  at("list").scrollTop = keep ? at("list").scrollTop : 0;
  tell();
  draw();
  detail();
  marks();
}

/** Makes the lines of the matching findings, by group where groups are wished for. */
function fold() {
  const group = GROUPS[wish.group];
  if (!group.key) {
    lines = matching.map((finding) => ({ finding }));
    return;
  }
  const groups = new Map();
  for (const finding of matching) {
    const key = group.key(finding);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(finding);
  }
  const sorted = [...groups].sort((a, b) => b[1].length - a[1].length);
  lines = [];
  for (const [key, members] of sorted) {
    lines.push({ group: group.title(members[0]), key, count: members.length, level: Math.min(...members.map((f) => f.level)) });
    if (!closed.has(key)) for (const finding of members) lines.push({ finding });
  }
}

function tell() {
  const all = findings.length.toLocaleString();
  const n = matching.length.toLocaleString();
  const secrets = new Set(matching.map((f) => f.same)).size.toLocaleString();
  const files = new Set(matching.map((f) => f.p)).size.toLocaleString();
  at("count").textContent = findings.length === 0
    ? "No findings."
    : `${n} of ${all} findings · ${secrets} different secrets · ${files} files`;
}

// --- the list: only the rows in sight are there

function draw() {
  const list = at("list");
  const rows = at("rows");
  at("space").style.height = `${lines.length * ROW}px`;
  list.setAttribute("aria-rowcount", lines.length);
  const first = Math.max(0, Math.floor(list.scrollTop / ROW) - BEYOND);
  const last = Math.min(lines.length, Math.ceil((list.scrollTop + list.clientHeight) / ROW) + BEYOND);
  rows.style.transform = `translateY(${first * ROW}px)`;
  const fresh = [];
  for (let i = first; i < last; i += 1) fresh.push(row(i));
  if (lines.length === 0) {
    const empty = made("div", "empty", undefined, { role: "row" });
    const words = findings.length ? "Nothing matches these filters." : "Nothing was found.";
    empty.append(made("span", "", words, { role: "gridcell" }));
    fresh.push(empty);
  }
  rows.replaceChildren(...fresh);
  if (lines.length) list.setAttribute("aria-activedescendant", `row-${chosen}`);
  else list.removeAttribute("aria-activedescendant");
}

function row(i) {
  const line = lines[i];
  const common = { id: `row-${i}`, role: "row", "aria-rowindex": i + 1, "aria-selected": i === chosen };
  let element;
  if (line.finding) {
    const f = line.finding;
    element = made("div", f.suppressed ? "row accepted" : "row", undefined, common);
    const code = made("span", "code", undefined, { role: "gridcell" });
    code.append(f.text[0].trimStart(), made("mark", "", f.text[1]), f.text[2]);
    const path = made("span", "path", undefined, { role: "gridcell", title: where(f) });
    path.append(made("bdi", "", `${f.path}:${f.line}`));
    element.append(
      made("span", `level ${f.severity}`, f.severity, { role: "gridcell" }),
      made("span", "", f.rule.title, { role: "gridcell", title: f.rule.id }),
      path, code,
    );
    if (hasStates) element.append(made("span", "", f.suppressed ? "suppressed" : f.state ?? "", { role: "gridcell" }));
  } else {
    element = made("div", "row group", undefined, { ...common, "aria-expanded": !closed.has(line.key) });
    element.append(
      made("span", "", closed.has(line.key) ? "▸" : "▾", { "aria-hidden": true }),
      made("span", "", line.group, { role: "gridcell" }),
      made("span", "n", line.count.toLocaleString(), { role: "gridcell" }),
    );
  }
  element.dataset.line = i;
  return element;
}

function choose(i, focus) {
  if (lines.length === 0) return;
  chosen = Math.min(Math.max(i, 0), lines.length - 1);
  const list = at("list");
  const top = chosen * ROW;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + ROW > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW - list.clientHeight;
  draw();
  detail();
  if (focus) at("detail").focus();
}

function toggle(line) {
  if (closed.has(line.key)) closed.delete(line.key);
  else closed.add(line.key);
  fold();
  choose(lines.findIndex((other) => other.group !== undefined && other.key === line.key));
}

// --- the chosen finding

function detail() {
  const panel = at("detail");
  const line = lines[chosen];
  if (!line) return panel.replaceChildren(made("p", "empty", "No finding is chosen."));
  if (!line.finding) {
    return panel.replaceChildren(
      made("h2", "", line.group), made("p", "at", `${line.count.toLocaleString()} findings`),
    );
  }
  const f = line.finding;
  const code = made("pre");
  code.append(f.text[0], made("mark", "", f.text[1]), f.text[2]);
  const remedy = made("p", "remedy");
  remedy.append(made("strong", "", "What to do"), f.rule.remedy);
  const facts = made("dl");
  const fact = (name, value) => value && facts.append(made("dt", "", name), made("dd", "", value));
  fact("Severity", `${f.severity}, ${f.confidence} confidence`);
  fact("Rule", f.rule.id);
  fact("Found in", f.place);
  fact("Verdict", f.told);
  fact("Suppressed", f.suppressed);
  fact("Why", f.why?.join(", "));
  if (f.commit) {
    fact("Commit", f.commit.id);
    fact("Author", f.commit.author);
    fact("Date", f.commit.date.replace("T", " ").replace("Z", " UTC"));
    fact("Message", f.commit.message.split("\n")[0]);
  }
  fact("Spread", f.spread?.join("; "));
  const others = findings.filter((other) => other.same === f.same).length - 1;
  fact("Same secret", others > 0 ? `in ${others.toLocaleString()} more places` : "");
  fact("Fingerprint", f.id);
  panel.replaceChildren(
    made("span", `level ${f.severity}`, f.severity), made("h2", "", f.rule.title), made("p", "at", where(f)), code, remedy, facts,
  );
}

// --- overview

function overview() {
  document.title = `${data.verdict}: Leakward report`;
  at("subject").textContent = data.subject;
  at("verdict").textContent = data.verdict;
  at("details").textContent = `${data.details.join(" · ")} · secrets are ${data.open ? "shown as they are" : "masked"}`;
  const remarks = at("remarks");
  if (data.gaps.length) {
    const box = made("details", "gaps");
    const items = made("ul");
    for (const [what, why] of data.gaps) items.append(made("li", "", `${what}: ${why}`));
    box.append(made("summary", "", `${data.gaps.length.toLocaleString()} not scanned: this report is incomplete`), items);
    remarks.append(box);
  }
  for (const note of data.notes) remarks.append(made("p", "", note));
  if (findings.length === 0) return;
  const charts = at("charts");
  charts.append(chart("Severity", "severity", LEVELS.map((level) => [level, level])));
  if (hasStates) charts.append(chart("Verdict", "state", [...STATES, "none"].map((s) => [s, s === "none" ? "not asked" : s])));
  charts.append(chart("Rules", "rule", data.rules.map((rule) => [rule.id, rule.title])));
  charts.append(chart("Files", "path", data.paths.map((path) => [path, path])));
}

/** Bars with the most frequent values of a field; each is a filter. */
function chart(title, field, values) {
  const value = { severity: (f) => f.severity, state: (f) => f.state ?? "none", rule: (f) => f.rule.id, path: (f) => f.path }[field];
  const counts = new Map();
  for (const f of findings) if (!f.suppressed) counts.set(value(f), (counts.get(value(f)) ?? 0) + 1);
  let shown = values.filter(([key]) => counts.has(key));
  if (field === "rule" || field === "path") shown = shown.sort((a, b) => counts.get(b[0]) - counts.get(a[0]));
  const most = Math.max(1, ...counts.values());
  const box = made("div", "chart", undefined, { role: "group", "aria-label": title });
  box.append(made("h2", "", title));
  for (const [key, label] of shown.slice(0, 5)) {
    const n = counts.get(key);
    const bar = made("button", "bar", undefined, { type: "button", title: label, "aria-pressed": false });
    const fill = made("span", `fill ${LEVELS.includes(key) ? key : ""}`);
    fill.style.width = `${(n / most) * 100}%`;
    const track = made("span", "track", undefined, { "aria-hidden": true });
    track.append(fill);
    const name = made("span", field === "path" ? "label path" : "label");
    name.append(made("bdi", "", label));
    bar.append(name, track, made("span", "n", n.toLocaleString()));
    bar.dataset.field = field;
    bar.dataset.value = key;
    bar.addEventListener("click", () => {
      wish[field] = wish[field] === key ? "" : key;
      if (at(field)) at(field).value = wish[field];
      apply();
    });
    box.append(bar);
  }
  if (shown.length > 5) box.append(made("p", "at", `and ${(shown.length - 5).toLocaleString()} more`));
  return box;
}

function marks() {
  for (const bar of document.querySelectorAll(".bar")) {
    bar.setAttribute("aria-pressed", wish[bar.dataset.field] === bar.dataset.value);
  }
  at("head").querySelectorAll("button").forEach((button, i) => {
    const by = i === wish.sort;
    const order = by ? (wish.down ? ", descending" : ", ascending") : "";
    button.setAttribute("aria-label", `Sort by ${COLUMNS[i].name.toLowerCase()}${order}`);
    button.textContent = `${COLUMNS[i].name}${by ? (wish.down ? " ↓" : " ↑") : ""}`;
  });
}

// --- controls

function options(id, first, values) {
  at(id).append(...[["", first], ...values].map(([value, text]) => made("option", "", text, { value })));
}

function controls() {
  const used = (field) => new Set(findings.map((f) => f[field] ?? "none"));
  const named = (values, field) => values.filter((value) => used(field).has(value)).map((value) => [value, value]);
  options("severity", "any", named(LEVELS, "severity"));
  options("confidence", "any", named(["high", "medium", "low"], "confidence"));
  options("state", "any", [...STATES, "none"].filter((s) => used("state").has(s)).map((s) => [s, s === "none" ? "not asked" : s]));
  const rules = [...data.rules].sort((a, b) => compare(a.title.toLowerCase(), b.title.toLowerCase()));
  options("rule", "any", rules.map((rule) => [rule.id, rule.title]));
  const suppressed = [["open", "open"], ["suppressed", "suppressed"], ["all", "all"]];
  at("suppressed").append(...suppressed.map(([value, text]) => made("option", "", text, { value })));
  at("of-state").classList.toggle("hidden", !hasStates);
  at("of-suppressed").classList.toggle("hidden", !hasSuppressed);
  document.querySelector(".table").classList.toggle("no-state", !hasStates);
  const groups = Object.entries(GROUPS).filter(([key]) => key !== "verdict" || hasStates);
  at("group").append(...groups.map(([key, { name }]) => made("option", "", name, { value: key })));
  for (const id of ["severity", "confidence", "state", "rule", "suppressed", "group"]) {
    at(id).addEventListener("change", () => {
      wish[id] = at(id).value;
      if (id === "group") closed.clear();
      apply(true);
    });
  }
  at("query").addEventListener("input", () => {
    wish.query = at("query").value;
    apply();
  });
  at("filters").addEventListener("submit", (event) => event.preventDefault());
  at("clear").addEventListener("click", clear);
  COLUMNS.filter((column) => hasStates || column.name !== "Verdict").forEach((column, i) => {
    const button = made("button", "", column.name, { type: "button" });
    button.addEventListener("click", () => {
      wish.down = wish.sort === i && !wish.down;
      wish.sort = i;
      apply();
    });
    at("head").append(button);
  });
  at("list").addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
  addEventListener("resize", draw);
  at("rows").addEventListener("click", (event) => {
    const element = event.target.closest(".row");
    if (!element) return;
    const i = Number(element.dataset.line);
    if (lines[i].finding) choose(i);
    else toggle(lines[i]);
  });
  at("theme").addEventListener("click", nextTheme);
  at("keys").addEventListener("click", () => at("help").showModal());
  document.addEventListener("keydown", key);
}

function clear() {
  Object.assign(wish, { query: "", severity: "", confidence: "", state: "", rule: "", path: "", suppressed: "open" });
  for (const id of ["query", "severity", "confidence", "state", "rule", "suppressed"]) at(id).value = wish[id];
  apply();
}

function key(event) {
  if (at("help").open || event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = /^(INPUT|SELECT)$/.test(event.target.tagName);
  if (event.key === "Escape") return at("list").focus();
  if (typing) {
    if (event.target.id === "query" && (event.key === "ArrowDown" || event.key === "Enter")) {
      event.preventDefault();
      at("list").focus();
    }
    return;
  }
  const page = Math.max(1, Math.floor(at("list").clientHeight / ROW) - 1);
  const moves = {
    ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page, Home: -lines.length, End: lines.length,
  };
  const inList = event.target === at("list") || event.target === document.body;
  if (event.key in moves && (inList || event.key === "j" || event.key === "k")) choose(chosen + moves[event.key]);
  else if (event.key === "Enter" && inList && lines[chosen]) {
    if (lines[chosen].finding) choose(chosen, true);
    else toggle(lines[chosen]);
  } else if (event.key === "/") at("query").focus();
  else if (event.key === "?") at("help").showModal();
  else if (event.key === "t") nextTheme();
  else if (event.key === "x") clear();
  else if (event.key === "g") {
    const select = at("group");
    select.selectedIndex = (select.selectedIndex + 1) % select.options.length;
    select.dispatchEvent(new Event("change"));
  } else return;
  event.preventDefault();
}

// --- light, dark, or as the system has it

const system = matchMedia("(prefers-color-scheme: dark)");
let theme = "system";
try {
  theme = localStorage.getItem("leakward-theme") ?? "system";
} catch {
  // A page from a disk may have no storage.
}

function paint() {
  const dark = theme === "dark" || (theme === "system" && system.matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  at("theme").textContent = `Theme: ${theme}`;
}

function nextTheme() {
  const themes = ["system", "light", "dark"];
  theme = themes[(themes.indexOf(theme) + 1) % themes.length];
  try {
    localStorage.setItem("leakward-theme", theme);
  } catch {
    // As above.
  }
  paint();
}

system.addEventListener("change", paint);
paint();
overview();
controls();
apply();
document.documentElement.dataset.ready = "true";
