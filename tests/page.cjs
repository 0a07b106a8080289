// Drives the HTML report in Chromium. Called by page.sh with the program, the folder of pages, and one for pictures.
"use strict";

const { spawn } = require("node:child_process");
const http = require("node:http");
const assert = require("node:assert/strict");
const { chromium } = require("playwright-core");
const axe = require.resolve("axe-core/axe.min.js");

const [program, work, pictures] = process.argv.slice(2);
let passed = 0;
const ok = (name) => {
  passed += 1;
  console.log(`ok    ${name}`);
};

/** Opens a page that may ask for nothing but itself. */
async function open(browser, address, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 1000 }, ...options });
  const page = await context.newPage();
  const asked = [];
  const troubles = [];
  page.on("request", (request) => asked.push(request.url()));
  page.on("pageerror", (error) => troubles.push(String(error)));
  page.on("console", (message) => message.type() === "error" && troubles.push(message.text()));
  await page.goto(address);
  await page.waitForSelector("html[data-ready]", { state: "attached" });
  assert.deepEqual(asked, [address], "nothing but the page is asked for");
  assert.deepEqual(troubles, []);
  return page;
}

/** What axe holds against the page. */
async function complaints(page) {
  await page.evaluate(require("node:fs").readFileSync(axe, "utf8"));
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.html).slice(0, 3).join(" | ")}`);
}

const text = (page, selector) => page.locator(selector).innerText();
const rows = (page) => page.locator("#rows .row:not(.group)").count();

async function keyboard(page) {
  assert.match(await text(page, "#count"), /^2 of 3 findings/);
  await page.keyboard.press("/");
  await page.keyboard.type("bold");
  assert.match(await text(page, "#count"), /^1 of 3 findings/);
  await page.keyboard.press("ArrowDown");
  assert.equal(await page.evaluate(() => document.activeElement.id), "list");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "detail");
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate(() => document.activeElement.id), "list");
  await page.keyboard.press("x");
  assert.match(await text(page, "#count"), /^2 of 3 findings/);
  const first = await text(page, "#detail h2");
  await page.keyboard.press("j");
  assert.notEqual(await text(page, "#detail h2"), first);
  const chosen = await page.getAttribute("#list", "aria-activedescendant");
  assert.equal(await page.getAttribute(`#${chosen}`, "aria-selected"), "true");
  await page.keyboard.press("?");
  assert.ok(await page.locator("#help").isVisible());
  await page.keyboard.press("Escape");
  ok("keys: filter, list, details, clear, next, help");
}

async function grouping(page) {
  for (const kind of ["secret", "rule", "path", "commit", "severity"]) {
    await page.selectOption("#group", kind);
    const groups = page.locator("#rows .row.group");
    assert.ok((await groups.count()) >= 1, kind);
    assert.equal(await rows(page), 2, kind);
    await groups.first().click();
    assert.ok((await rows(page)) < 2, `${kind} folds`);
    await groups.first().click();
  }
  await page.selectOption("#group", "none");
  ok("groups by secret, rule, path, commit and severity open and close");
}

async function markup(page) {
  assert.equal(await page.evaluate(() => document.querySelectorAll("b, i, img, main script").length), 0);
  assert.match(await page.title(), /Leakward report$/);
  assert.ok((await page.locator("#rows").innerText()).includes("<b>bold</b>/a.py"));
  const ran = await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "globalThis.taken = true";
    document.body.append(script);
    return globalThis.taken === true;
  });
  assert.equal(ran, false, "the policy runs no other script");
  ok("what was found is text, and no other script runs");
}

async function many(browser, pages) {
  const page = await open(browser, pages("many.html"));
  assert.match(await text(page, "#count"), /^50,000 of 50,000 findings/);
  assert.ok((await rows(page)) < 80, "only rows in sight are there");
  await page.fill("#query", "team7/ settings3");
  const n = Number((await text(page, "#count")).split(" ")[0].replace(",", ""));
  const expected = Array.from({ length: 50000 }, (_, i) => i).filter((i) => i % 37 === 7 && i % 13 === 3).length;
  assert.equal(n, expected);
  await page.fill("#query", "");
  await page.locator("#list").focus();
  await page.keyboard.press("End");
  assert.equal(await page.getAttribute("#list", "aria-activedescendant"), "row-49999");
  assert.ok(await page.locator("#row-49999").isVisible());
  await page.locator("#head button", { hasText: "Place" }).click();
  assert.match(await page.locator("#row-0").innerText(), /services\/team0\/module0\//);
  ok("50,000 findings: filter, end of the list, order");
  await page.context().close();
}

/** Serves `file` with the program, and gives its address to `use`. */
async function served(file, use) {
  const child = spawn(program, ["view", `${work}/${file}`], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const address = await new Promise((resolve, reject) => {
      child.stdout.once("data", (line) => resolve(String(line).trim()));
      child.once("exit", (code) => reject(new Error(`view ended with ${code}`)));
    });
    await use(address);
  } finally {
    child.kill();
  }
}

const status = (address, headers) =>
  new Promise((resolve, reject) => {
    http.get(address, { headers }, (answer) => resolve(answer.resume().statusCode)).on("error", reject);
  });

async function main() {
  const args = [
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
  ];
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", chromiumSandbox: false, args });
  const pages = (name) => `file://${work}/${name}`;

  const page = await open(browser, pages("r.html"), { colorScheme: "light" });
  await keyboard(page);
  await grouping(page);
  await markup(page);
  await page.selectOption("#suppressed", "suppressed");
  assert.match(await text(page, "#detail"), /marker leakward:allow/);
  await page.selectOption("#suppressed", "open");
  ok("suppressed findings are shown when asked for");
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  assert.deepEqual(await complaints(page), []);
  await page.click("#theme");
  await page.click("#theme");
  assert.equal(await text(page, "#theme"), "Theme: dark");
  assert.notEqual(await ground(), light);
  assert.deepEqual(await complaints(page), []);
  ok("axe has no complaint about light and dark");
  await page.context().close();

  const dark = await open(browser, pages("r.html"), { colorScheme: "dark" });
  assert.equal(await dark.evaluate(() => document.documentElement.dataset.theme), "dark");
  await dark.context().close();
  const narrow = await open(browser, pages("r.html"), { viewport: { width: 380, height: 800 } });
  assert.ok(await narrow.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing sticks out");
  await narrow.context().close();
  const clean = await open(browser, pages("clean.html"));
  assert.match(await text(clean, "#verdict"), /no secrets found/);
  assert.deepEqual(await complaints(clean), []);
  await clean.context().close();
  ok("the system's theme, a narrow screen, a clean report");
  await many(browser, pages);

  for (const file of ["r.json", "r.sarif", "gitleaks.json"]) {
    await served(file, async (address) => {
      const view = await open(browser, address);
      assert.match(await text(view, "#count"), /^[23] of 3 findings|^2 of 2 findings/, file);
      await view.context().close();
      const { origin, port } = new URL(address);
      assert.equal(await status(`${origin}/`), 404);
      assert.equal(await status(address, { host: `evil.example:${port}` }), 403);
    });
  }
  ok("view serves our JSON, SARIF and gitleaks' JSON, to those who know the address");

  if (pictures) {
    for (const colorScheme of ["light", "dark"]) {
      for (const name of ["r", "many"]) {
        const shown = await open(browser, pages(`${name}.html`), { colorScheme });
        await shown.screenshot({ path: `${pictures}/${name}-${colorScheme}.png` });
        await shown.context().close();
      }
    }
  }
  await browser.close();
  console.log(`${passed} passed, 0 failed`);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
