// What every script has: the addresses that the test gave it, a browser, and who plays connector and PagerDuty.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';

const tools = createRequire(new URL('../../../eng/tools/package.json', import.meta.url));
const { chromium } = tools('playwright-core');
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export const axeSource = () => readFileSync(tools.resolve('axe-core/axe.min.js'), 'utf8');

export const world = JSON.parse(readFileSync(0, 'utf8') || '{}');

/** Opens the browser and does with its page what is to be done; fails when anything went wrong in the page meanwhile. */
export async function inBrowser(act, { viewport = { width: 1440, height: 900 }, colorScheme = 'light' } = {}) {
  const browser = await chromium.launchPersistentContext(world.profile, { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: flags, viewport, colorScheme, timezoneId: 'UTC', locale: 'en-GB' });
  browser.setDefaultTimeout(30_000);
  const page = browser.pages()[0] ?? await browser.newPage();
  const seen = watchOver(page);
  try {
    await act(page, seen, browser);
    assert.deepEqual(seen.errors, [], 'errors in the page');
    assert.deepEqual(seen.foreign, [], 'requests beyond the console');
    assert.ok(seen.requests > 20, 'the page has asked for its files');
  } catch (e) {
    console.error(`at ${page.url()}\n${await page.locator('body').innerText().catch(() => '')}`.slice(0, 6000));
    throw e;
  } finally {
    await browser.close();
  }

  console.log('ok: nothing went wrong');
}

/** Notes what a page complains of, and what it asks others for. */
function watchOver(page) {
  const seen = { errors: [], foreign: [], requests: 0, expected: [] };
  page.on('pageerror', e => seen.errors.push(String(e)));
  page.on('console', m => {
    if (m.type() === 'error' && !seen.expected.some(e => e.test(m.text()))) seen.errors.push(m.text());
  });
  page.on('dialog', d => {
    seen.errors.push(`the page asked: ${d.message()}`);
    d.accept();
  });
  page.on('request', r => {
    seen.requests++;
    if (!r.url().startsWith(world.console)) seen.foreign.push(r.url());
  });
  return seen;
}

export async function signIn(page, token) {
  await page.goto(world.console);
  await page.getByLabel('Token').fill(token);
  await page.keyboard.press('Enter');
  await page.locator('.frame').waitFor();
}

/** Goes to a page as its link would. */
export async function goTo(page, path) {
  await page.evaluate(p => { location.hash = p; }, `#/${path}`);
  await page.locator('main .loading').waitFor({ state: 'detached' });
}

/** Opens an incident, resolves it … : the simulator's commands. */
export async function pagerDuty(command, query = {}) {
  const response = await fetch(`${world.simulator}/sim/${command}?${new URLSearchParams(query)}`, { method: 'POST' });
  assert.ok(response.ok, await response.text());
}

/** Runs the sidecar's own command line; gives back what it says. */
export async function pdsidecar(...args) {
  return (await promisify(execFile)(world.binary, args)).stdout;
}

/** Asks for a decision as a connector does; gives the answer back. */
export async function evaluate(options) {
  const given = Object.entries({ connector: 'bastion-1', ...options }).flatMap(([name, value]) => [`--${name}`, value]);
  const run = await promisify(execFile)(world.binary, ['evaluate', '--address', world.grpc, '--json', ...given]).catch(e => e);
  assert.ok(run.stdout, `evaluate said nothing: ${run.stderr}`);
  return JSON.parse(run.stdout);
}

/** Calls the contract as the page does, with what the page is signed in with. */
export function callAsPage(page, method, request) {
  return page.evaluate(async ([m, r]) => {
    const { call } = await import('./state/session.js');
    try {
      return { answer: await call(m, r) };
    } catch (e) {
      return { code: e.code, reason: e.reason, message: e.message };
    }
  }, [method, request]);
}

/** Looks again and again until it sees it. */
export async function eventually(look, what, patience = 30_000) {
  for (const end = Date.now() + patience; ;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > end) throw new Error(`did not see ${what} in time`);
    await new Promise(done => setTimeout(done, 50));
  }
}
