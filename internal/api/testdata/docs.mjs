// Opens the documentation page as a reader does and prints what happened as
// JSON: node docs.mjs <node_modules> <chromium> <url of the gateway>
import { createRequire } from "node:module";
import path from "node:path";

const [modules, executablePath, gateway] = process.argv.slice(2);
const { chromium } = createRequire(path.join(modules, "x.js"))("playwright-core");

const browser = await chromium.launch({
  executablePath,
  headless: true,
  args: [
    "--no-sandbox", // CI runs as root in a container
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
  ],
});
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(45_000);
  const found = { operations: [], external: [], errors: [], failed: [] };
  page.on("request", (r) => {
    const url = new URL(r.url());
    if (url.protocol.startsWith("http") && url.origin !== gateway) found.external.push(r.url());
  });
  page.on("requestfailed", (r) => found.failed.push(`${r.url()}: ${r.failure()?.errorText}`));
  page.on("response", (r) => { if (r.status() >= 400) found.failed.push(`${r.url()}: ${r.status()}`); });
  page.on("console", (m) => { if (m.type() === "error") found.errors.push(m.text()); });
  page.on("pageerror", (e) => found.errors.push(String(e)));

  await page.goto(`${gateway}/docs`);
  await page.locator(".opblock").first().waitFor();
  found.title = await page.locator(".info .title").innerText();
  found.operations = await page.locator(".opblock").evaluateAll((blocks) =>
    blocks.map((b) => {
      const text = (part) => b.querySelector(part).textContent.replaceAll("\u200b", "").trim();
      return `${text(".opblock-summary-method")} ${text(".opblock-summary-path")}`;
    }));

  const livez = page.locator("#operations-service-getLivez");
  await livez.locator(".opblock-summary-control").click();
  await livez.locator(".try-out__btn").click();
  await livez.locator(".execute").click();
  const answer = livez.locator(".live-responses-table .response").first();
  await answer.waitFor();
  found.status = (await answer.locator(".response-col_status").innerText()).trim();
  found.body = (await answer.locator(".response-col_description pre").first().innerText()).trim();
  console.log(JSON.stringify(found));
} finally {
  await browser.close();
}
