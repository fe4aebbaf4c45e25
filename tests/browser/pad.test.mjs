/** The interview pad in two browsers. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { browse, line, serve, shot } from './site.mjs';

let server;
let browser;
before(async () => {
  server = await serve();
  browser = await browse();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const code = (page) => page.locator('.cm-content');
/** Both pads show the same. */
async function alike(one, other) {
  const text = (page) => page.evaluate(() => [...document.querySelectorAll('.cm-line')].map((line) => line.textContent).join('\n'));
  while ((await text(one)) !== (await text(other)));
}
/** A pad shows a text in which all of this stands. */
const shows = (page, ...words) =>
  page.waitForFunction((all) => all.every((word) => document.querySelector('.cm-content')?.textContent.includes(word)), words);

async function create(name) {
  const page = await browser.page();
  await page.goto(`${server.url}/interview/`);
  await shot(page, 'pad-welcome');
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: 'Start a session' }).click();
  await page.getByText('Connected').waitFor();
  return page;
}

async function join(url, name, options) {
  const page = await browser.page(options);
  await page.goto(url);
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: 'Join the session' }).click();
  await page.getByText('Connected').waitFor();
  return page;
}

test('two people type at the same moment and lose nothing, after a dropped connection too', async () => {
  const ann = await create('Ann');
  const bensLine = await line(server.url);
  const ben = await join(ann.url().replace(server.url, bensLine.url), 'Ben');
  await ann.getByText('candidate, online').waitFor();
  await code(ann).click();
  await ann.keyboard.type('first line\nsecond line\nthird line');
  await shows(ben, 'third line');
  await shot(ann, 'pad-two');

  // At the same moment, at the two ends.
  await code(ann).click();
  await ann.keyboard.press('Control+Home');
  await code(ben).click();
  await ben.keyboard.press('Control+End');
  await Promise.all([ann.keyboard.type('ANN-'.repeat(12), { delay: 15 }), ben.keyboard.type('-BEN'.repeat(12), { delay: 15 })]);
  for (const page of [ann, ben]) await shows(page, 'ANN-'.repeat(12), '-BEN'.repeat(12));

  // Ben's line is cut; both go on, and meet again when it is mended.
  bensLine.cut();
  await ben.getByText('Connection lost').waitFor();
  await ann.getByText('candidate, away').waitFor();
  await ann.keyboard.press('Control+Home');
  await ann.keyboard.type('meanwhile ');
  await ben.keyboard.type(' offline');
  bensLine.mend();
  for (const page of [ann, ben]) await shows(page, 'meanwhile', 'offline');
  await ann.getByText('candidate, online').waitFor();
  await alike(ann, ben);
  const session = new URL(ann.url()).searchParams.get('session');
  const saved = await (await fetch(`${server.url}/api/v1/sessions/${session}`)).json();
  for (const word of ['meanwhile', 'offline', 'ANN-'.repeat(12), '-BEN'.repeat(12)]) assert.ok(saved.data.code.includes(word), saved.data.code);
  assert.deepEqual(browser.faults, []);
  bensLine.stop();
});

test('someone is there until their second tab is closed', async () => {
  const ann = await create('Ann');
  const ben = await join(ann.url(), 'Ben');
  const tab = await ben.context().newPage();
  await tab.goto(ann.url());
  await tab.getByRole('button', { name: 'Join the session' }).click();
  await tab.getByText('Connected').waitFor();
  const bens = ann.locator('aside li', { hasText: 'Ben' });
  await bens.filter({ hasText: 'online' }).waitFor();
  await ben.close();
  await code(ann).click();
  await ann.keyboard.type('still here');
  await shows(tab, 'still here');
  assert.match(await bens.innerText(), /online/);
  await tab.close();
  await bens.filter({ hasText: 'away' }).waitFor();
});

test('the language is switched for both', async () => {
  const ann = await create('Ann');
  const ben = await join(ann.url(), 'Ben');
  await ann.getByLabel('Language').selectOption('python');
  await ben.waitForFunction(() => document.querySelector('select[name=language]').value === 'python');
});

test('a session that is not there is told in words', async () => {
  const page = await browser.page();
  await page.goto(`${server.url}/interview/?session=abcd1234`);
  await page.getByText('There is no such session').waitFor();
  await shot(page, 'pad-none');
});

test('a session that is deleted ends on the page', async () => {
  const ann = await create('Ann');
  const session = new URL(ann.url()).searchParams.get('session');
  await fetch(`${server.url}/api/v1/sessions/${session}`, { method: 'DELETE' });
  await ann.getByText('This session is over').waitFor();
});

test('everything is reached by keyboard, and fits a phone', async () => {
  const page = await browser.page({ viewport: { width: 320, height: 640 } });
  await page.goto(`${server.url}/interview/`);
  await page.keyboard.type('Ann');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByText('Connected').waitFor();
  await page.keyboard.type('by keyboard alone');
  await shows(page, 'by keyboard alone');
  await shot(page, 'pad-phone');
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 320, `${width}`);
});
