// A person at Swagger UI: node swagger_ui.mjs CHROMIUM PAGE
// Opens the page, tries out GET /hello/{name} and POST /orders, and prints as JSON what it saw.
import { chromium } from 'playwright-core';

const [executablePath, page_url] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(10_000);
  const complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  const asked = [];
  page.on('request', (request) => {
    if (!request.url().startsWith('data:')) asked.push(request.url());
  });

  await page.goto(page_url);
  const title = await page.locator('.info .title').first().innerText();

  // One operation: unfold, try out, fill in, execute, read.
  async function try_out(method, path, fill) {
    const operation = page.locator(`.opblock-${method}`, {
      has: page.locator(`.opblock-summary-path[data-path="${path}"]`),
    });
    await operation.locator('.opblock-summary-control').click();
    await operation.getByRole('button', { name: 'Try it out' }).click();
    await fill(operation);
    await operation.getByRole('button', { name: 'Execute' }).click();
    const response = operation.locator('.live-responses-table .response');
    await response.waitFor();
    return {
      summary: await operation.locator('.opblock-summary-description').innerText(),
      status: (await response.locator('.response-col_status').innerText()).trim().split(/\s/)[0],
      body: await response.locator('.highlight-code pre').first().innerText(),
      url: await operation.locator('.request-url pre').innerText(),
    };
  }

  const greeting = await try_out('get', '/hello/{name}', (operation) =>
    operation.locator('tr[data-param-name="name"] input').fill('Ada'),
  );
  const order = await try_out('post', '/orders', async () => {});
  // Where several descriptions are offered: another one.
  const services = page.locator('#services');
  let chosen = null;
  if (await services.isVisible()) {
    await services.selectOption('copy');
    await page.waitForURL((url) => url.search === '?urls.primaryName=copy');
    await page.locator('.info .title').first().waitFor();
    chosen = await services.inputValue();
  }
  await page.locator('.opblock-get').first().waitFor();
  const styled = await page.locator('.opblock-get').first().evaluate((block) => getComputedStyle(block).borderTopWidth);
  console.log(JSON.stringify({ title, greeting, order, styled, chosen, complaints, asked }));
} finally {
  await browser.close();
}
