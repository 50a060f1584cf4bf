// A person at a browser: goes through a whole sign-in in Debian's Chromium, for the end-to-end tests.
//
//     node browser.mjs
//
// One JSON object on standard input, one JSON object as the answer on standard output, then it ends.
//
//   {"url": "http://localhost:8080/", "email": "ada@acme.test", "person": "ada", "screens": "target/interop/screens",
//    "chromium": "/usr/bin/chromium", "timeout_seconds": 30}
//       opens the demo application, types the e-mail address into the field labelled "E-mail", presses "Continue",
//       chooses at the simulated identity provider the person whose label contains "person" (the e-mail address when it
//       is left out; nothing is chosen where the page offers no choice), presses "Sign in", and reads the claims.
//       "screens" is where the screenshot of each page goes (../screens, seen from this file, when left out);
//       "visits": [{"name", "url"}, ...] are more pages to look at afterwards, each in a fresh profile;
//       "chromium" is VESTIBULE_TEST_CHROMIUM when left out.
//       -> {"ok": true, "id_token": {claims}, "access_token": {claims}, "final_url",
//           "email_field": {"type", "autocomplete", "in_form"}, "hops": ["GET http://localhost:8080/", ...],
//           "pages": [{"name", "url", "title", "status", "problems": [...], "screenshot"}, ...], "console": [...]}
//       -> {"ok": false, "error", "url", "title", "text", "screenshot", "hops"}
//
// Everything is looked up as a person with a screen reader finds it: by role and label. "hops" are the pages the
// browser was sent to, without their query, so that no code or assertion gets into a test's output. "problems" are
// what WCAG 2.2 (A, AA) forbids and a program can see: no language or title, not exactly one heading of the first level,
// fields and buttons without a name, text below the contrast of 4.5, a page wider than a phone. "console" is what the
// browser complained about, such as what a content security policy kept out.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { chromium } from 'playwright-core'

const ARGUMENTS = [
  '--no-sandbox', // Chromium's own sandbox does not work as root
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  // A machine without internet: without these Chromium looks up its maker's hosts at every start.
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const escaped = (words) => new RegExp(words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'i')

async function typeAddress(page, email) {
  const field = page.getByLabel('E-mail')
  await field.waitFor()
  const facts = await field.evaluate((element) => ({
    type: element.type,
    autocomplete: element.autocomplete,
    in_form: element.form !== null,
  }))
  await field.fill(email)
  await page.getByRole('button', { name: 'Continue' }).click()
  return facts
}

async function signIn(page, person) {
  const button = page.getByRole('button', { name: 'Sign in' })
  await button.waitFor()
  const radio = page.getByRole('radio', { name: escaped(person) })
  const select = page.getByRole('combobox')
  if (await radio.count()) {
    await radio.first().check()
  } else if (await select.count()) {
    const labels = await select.first().getByRole('option').allTextContents()
    const wanted = labels.find((label) => escaped(person).test(label))
    if (!wanted) throw new Error(`no person "${person}" among ${labels.join(', ')}`)
    await select.first().selectOption({ label: wanted })
  }
  await button.click()
}

// Runs in the page.
function inspect() {
  const problems = []
  const visible = (element) => element.checkVisibility() && element.getClientRects().length > 0
  if (!document.documentElement.lang) problems.push('the page has no language')
  if (!document.title.trim()) problems.push('the page has no title')
  const headings = document.querySelectorAll('h1').length
  if (headings !== 1) problems.push(`${headings} headings of the first level`)
  if (document.querySelectorAll('main').length !== 1) problems.push('not exactly one main region')
  for (const field of document.querySelectorAll('input:not([type=hidden]), select, textarea')) {
    if (visible(field) && !field.labels?.length && !field.ariaLabel) problems.push(`no label: ${field.outerHTML}`)
  }
  for (const control of document.querySelectorAll('button, a[href]')) {
    if (!visible(control)) continue
    if (!(control.ariaLabel ?? control.textContent).trim()) problems.push(`no name: ${control.outerHTML}`)
    const { height } = control.getBoundingClientRect()
    if (control.matches('button, .button') && height < 24) problems.push(`${height} px high: ${control.textContent}`)
  }
  const rgb = (color) => (color.match(/[\d.]+/g) ?? []).map(Number)
  const luminance = (color) => {
    const [r, g, b] = rgb(color).map((part) => (part / 255 <= 0.04045 ? part / 3294.6 : ((part / 255 + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor
      if (rgb(color)[3] !== 0) return color
    }
    return 'rgb(255, 255, 255)'
  }
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim())
    if (!own || !visible(element) || element.closest('[aria-hidden=true]')) continue
    const pair = [luminance(getComputedStyle(element).color), luminance(ground(element))].sort((a, b) => b - a)
    const contrast = (pair[0] + 0.05) / (pair[1] + 0.05)
    if (contrast < 4.5) problems.push(`contrast ${contrast.toFixed(2)}: ${element.textContent.trim().slice(0, 60)}`)
  }
  return problems
}

// Looks at the page on a screen and on a phone, in light and in dark.
async function look(page, name, screens, status) {
  const problems = []
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme })
    problems.push(...(await page.evaluate(inspect)).map((problem) => `${problem} (${colorScheme})`))
  }
  await page.screenshot({ path: join(screens, `${name}-dark.png`), fullPage: true })
  await page.emulateMedia({ colorScheme: 'light' })
  const screenshot = join(screens, `${name}.png`)
  await page.screenshot({ path: screenshot, fullPage: true })
  const size = page.viewportSize()
  await page.setViewportSize({ width: 320, height: 640 })
  const width = await page.evaluate(() => document.documentElement.scrollWidth)
  if (width > 320) problems.push(`${width} px wide on a phone of 320`)
  await page.screenshot({ path: join(screens, `${name}-phone.png`), fullPage: true })
  await page.setViewportSize(size)
  const { origin, pathname } = new URL(page.url())
  return { name, url: origin + pathname, title: await page.title(), status, problems, screenshot }
}

async function claims(page, id) {
  const element = page.locator(`pre#${id}`)
  await element.waitFor()
  return JSON.parse(await element.textContent())
}

async function failure(page, error, screens) {
  const screenshot = join(screens, `browser-${process.pid}.png`)
  await page.screenshot({ path: screenshot, fullPage: true })
  const text = (await page.locator('body').innerText()).slice(0, 2000)
  const { origin, pathname } = new URL(page.url())
  return { ok: false, error: error.message, url: origin + pathname, title: await page.title(), text, screenshot }
}

const order = JSON.parse(await readAll(process.stdin))
const browser = await chromium.launch({
  executablePath: order.chromium ?? process.env.VESTIBULE_TEST_CHROMIUM,
  headless: true,
  args: ARGUMENTS,
})
const screens = order.screens ?? join(import.meta.dirname, '../screens')
await mkdir(screens, { recursive: true })
const hops = []
const pages = []
const messages = []

async function open(context) {
  const page = await context.newPage()
  page.setDefaultTimeout((order.timeout_seconds ?? 30) * 1000)
  page.on('console', (message) => {
    // A page that was refused has the status of a refusal; that is no complaint.
    const refused = /the server responded with a status of 4\d\d/.test(message.text())
    if (['error', 'warning'].includes(message.type()) && !refused) messages.push(message.text())
  })
  page.on('pageerror', (error) => messages.push(error.message))
  return page
}

let answer
try {
  const page = await open(await browser.newContext())
  page.on('request', (request) => {
    if (!request.isNavigationRequest()) return
    const { origin, pathname } = new URL(request.url())
    hops.push(`${request.method()} ${origin}${pathname}`)
  })
  try {
    await page.goto(order.url)
    pages.push(await look(page, 'application-login', screens))
    const email_field = await typeAddress(page, order.email)
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    pages.push(await look(page, 'identity-provider', screens))
    await signIn(page, order.person ?? order.email)
    const id_token = await claims(page, 'id-token-claims')
    const access_token = await claims(page, 'access-token-claims')
    pages.push(await look(page, 'application-claims', screens))
    const { origin, pathname } = new URL(page.url())
    for (const { name, url } of order.visits ?? []) {
      const context = await browser.newContext()
      const visited = await open(context)
      const response = await visited.goto(url)
      pages.push(await look(visited, name, screens, response.status()))
      await context.close()
    }
    answer = { ok: true, id_token, access_token, final_url: origin + pathname, email_field, pages, console: messages }
  } catch (error) {
    answer = await failure(page, error, screens)
  }
} finally {
  await browser.close()
}
process.stdout.write(`${JSON.stringify({ ...answer, hops })}\n`)
