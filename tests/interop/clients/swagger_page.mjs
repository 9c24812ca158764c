// What a person does at Swagger UI, for those who check it.
import { chromium } from 'playwright-core';

/** Runs `visit(page)` in a browser of its own; what the page complains of and asks for is in `page.seen`. */
export async function with_page(executablePath, visit) {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(10_000);
    page.seen = { complaints: [], asked: [] };
    page.on('console', (message) => {
      if (message.type() === 'error') page.seen.complaints.push(message.text());
    });
    page.on('pageerror', (error) => page.seen.complaints.push(String(error)));
    page.on('request', (request) => {
      if (!request.url().startsWith('data:')) page.seen.asked.push(request.url());
    });
    await visit(page);
  } finally {
    await browser.close();
  }
}

/** One operation: unfold, try out, fill in, execute, read. */
export async function try_out(page, method, path, fill = async () => {}) {
  const operation = page.locator(`.opblock-${method}`, {
    has: page.locator(`.opblock-summary-path[data-path="${path}"]`),
  });
  await operation.locator('.opblock-summary-control').click();
  await operation.getByRole('button', { name: 'Try it out' }).click();
  await fill(operation);
  await operation.getByRole('button', { name: 'Execute' }).click();
  const response = operation.locator('.live-responses-table .response');
  await response.waitFor();
  const shown = response.locator('.highlight-code pre').first();
  return {
    summary: await operation.locator('.opblock-summary-description').innerText(),
    status: (await response.locator('.response-col_status').innerText()).trim().split(/\s/)[0],
    body: (await shown.count()) > 0 ? await shown.innerText() : '',
    text: await response.innerText(),
    url: await operation.locator('.request-url pre').innerText(),
  };
}

/** Another one of the descriptions that are offered. */
export async function choose(page, name) {
  const services = page.locator('#services');
  await services.selectOption(name);
  await page.waitForURL((url) => url.search === `?urls.primaryName=${name}`);
  await page.locator('.info .title').first().waitFor();
  return services.inputValue();
}
