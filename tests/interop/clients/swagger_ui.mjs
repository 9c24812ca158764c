// A person at Swagger UI: node swagger_ui.mjs CHROMIUM PAGE
// Opens the page, tries out GET /hello/{name} and POST /orders, and prints as JSON what it saw.
import { choose, try_out, with_page } from './swagger_page.mjs';

const [executablePath, page_url] = process.argv.slice(2);
await with_page(executablePath, async (page) => {
  await page.goto(page_url);
  const title = await page.locator('.info .title').first().innerText();
  const greeting = await try_out(page, 'get', '/hello/{name}', (operation) =>
    operation.locator('tr[data-param-name="name"] input').fill('Ada'),
  );
  const order = await try_out(page, 'post', '/orders');
  const several = await page.locator('#services').isVisible();
  const chosen = several ? await choose(page, 'copy') : null;
  await page.locator('.opblock-get').first().waitFor();
  const styled = await page.locator('.opblock-get').first().evaluate((block) => getComputedStyle(block).borderTopWidth);
  console.log(JSON.stringify({ title, greeting, order, styled, chosen, ...page.seen }));
});
