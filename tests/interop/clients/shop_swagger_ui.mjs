// A new customer at the Swagger UI of the gateway: node shop_swagger_ui.mjs CHROMIUM PAGE EMAIL PASSWORD
// Registers, logs in, authorises, looks at the catalog, orders and reads the order; prints as JSON what was seen.
import { choose, try_out, with_page } from './swagger_page.mjs';

const [executablePath, page_url, email, password] = process.argv.slice(2);
const body = (value) => (operation) => operation.locator('textarea.body-param__text').fill(JSON.stringify(value));

await with_page(executablePath, async (page) => {
  const seen = {};
  await page.goto(page_url);
  await page.locator('.info .title').first().waitFor();
  seen.offered = await page.locator('#services option').allInnerTexts();
  await choose(page, 'user-service');
  seen.register = await try_out(page, 'post', '/user-service/users', body({ email, name: 'Tester', pwd: password }));
  const login = page.waitForResponse((response) => response.url().endsWith('/login'));
  seen.login = await try_out(page, 'post', '/user-service/login', body({ email, password }));
  const { token, userid } = await (await login).allHeaders();
  seen.token_is_shown = seen.login.text.includes(token);

  await choose(page, 'catalog-service');
  seen.catalog = await try_out(page, 'get', '/catalog-service/catalogs');

  await choose(page, 'order-service');
  const order = async (operation) => {
    await operation.locator('tr[data-param-name="userId"] input').fill(userid);
    await body({ productId: 'CATALOG-001', qty: 2, unitPrice: 1500 })(operation);
  };
  seen.stranger = await try_out(page, 'post', '/order-service/{userId}/orders', order);
  await page.locator('.btn.authorize').first().click();
  await page.locator('.auth-container input').fill(token);
  await page.locator('.auth-container button.authorize').click();
  await page.locator('.auth-container button.btn-done').click();
  await page.locator('.opblock-post .btn.execute').click();
  const status = page.locator('.opblock-post .live-responses-table .response-col_status');
  await status.filter({ hasText: '201' }).waitFor();
  seen.order = await page.locator('.opblock-post .live-responses-table .highlight-code pre').first().innerText();
  seen.orders = await try_out(page, 'get', '/order-service/{userId}/orders', (operation) =>
    operation.locator('tr[data-param-name="userId"] input').fill(userid),
  );
  console.log(JSON.stringify({ ...seen, ...page.seen }));
});
