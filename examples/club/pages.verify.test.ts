// `npm run club`, as a process of its own, played in a browser.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { freePort, temporaryFolder } from '../shop/shop.test-support.ts';

const executablePath = '/usr/bin/chromium';
const hasChromium = existsSync(executablePath);
if (!hasChromium) console.warn(`\n  SKIPPED: the club's pages in a browser. There is no ${executablePath}\n`);

/** Returns its address. It ends with the test. */
async function startClub(): Promise<string> {
  const folder = temporaryFolder();
  const port = await freePort();
  const child = spawn(process.execPath, ['--conditions=@paidonce/source', new URL('main.ts', import.meta.url).pathname], {
    env: { ...process.env, PORT: String(port), DATA_DIR: folder.path },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      said += piece;
      if (said.includes('Ctrl-C stops')) resolve();
    });
    ended.then(() => reject(new Error(`The club ended: ${said}`)), reject);
  });
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
    folder.remove();
  });
  return `http://127.0.0.1:${port}`;
}

describe.skipIf(!hasChromium)('the club in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  });
  afterAll(() => browser.close());

  async function openPage(width: number): Promise<{ readonly page: Page; readonly complaints: string[] }> {
    const context = await browser.newContext({ viewport: { width, height: 900 } });
    onTestFinished(() => context.close());
    context.setDefaultTimeout(0);
    const page = await context.newPage();
    const complaints: string[] = []; // Also what the content policy refuses.
    page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
    page.on('pageerror', (error) => void complaints.push(error.message));
    return { page, complaints };
  }

  async function join(page: Page, url: string, member: string, seats = '1'): Promise<void> {
    await page.goto(url);
    await page.getByRole('radio', { name: /^Month / }).check();
    await page.getByRole('spinbutton', { name: 'Seats' }).fill(seats);
    await page.getByRole('textbox', { name: 'Member' }).fill(member);
    await page.getByRole('button', { name: 'Go to payment' }).click();
    await page.getByRole('button', { name: /^(Subscribe|Pay) / }).click();
  }

  const periods = (page: Page) => page.getByRole('list', { name: 'Periods' }).getByRole('listitem');
  const isIn = (page: Page) => page.locator('[data-access]').getAttribute('data-access');
  const fits = (page: Page) => page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth');

  test.each([390, 1280])('at %i px: joined, renewed, changed in the portal, canceled, and out', async (width) => {
    const url = await startClub();
    const { page, complaints } = await openPage(width);
    await join(page, url, 'ada', '2');
    await expect.poll(() => page.url()).toContain('/members/ada');
    await expect.poll(() => page.reload().then(() => isIn(page))).toBe('in');
    expect(await page.getByRole('heading', { level: 2 }).innerText()).toMatch(/^Month, 2 seats\s+active$/);
    expect(await periods(page).count()).toBe(1);

    await page.getByRole('button', { name: 'A month passes' }).click();
    await expect.poll(() => periods(page).count()).toBe(2);
    expect(await isIn(page)).toBe('in');
    expect(await fits(page)).toBe(true);

    await page.goto(url);
    expect(await fits(page)).toBe(true);
    // A member has one subscription. Who wants a second one is led to it.
    await page.getByRole('textbox', { name: 'Member' }).fill('ada');
    await page.getByRole('button', { name: 'Go to payment' }).click();
    await expect.poll(() => page.url()).toContain('/members/ada');

    await page.getByRole('button', { name: 'Change plan, card, or cancel' }).click();
    await page.getByRole('button', { name: /cancel/i }).click();
    await page.goto(`${url}/members/ada`);
    await expect.poll(() => page.reload().then(() => page.getByRole('main').innerText())).toContain('as the member wished');
    expect(await isIn(page)).toBe('in');
    await page.getByRole('button', { name: 'A month passes' }).click();
    await expect.poll(() => page.getByRole('heading', { level: 2 }).innerText()).toMatch(/ended$/);
    await page.getByRole('button', { name: 'A week passes' }).click();
    await expect.poll(() => isIn(page)).toBe('out');
    expect(complaints).toEqual([]);
  });
});
