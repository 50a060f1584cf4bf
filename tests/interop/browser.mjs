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
//       "screens" is where a screenshot goes when something fails (../screens, seen from this file, when left out);
//       "chromium" is VESTIBULE_TEST_CHROMIUM when left out.
//       -> {"ok": true, "id_token": {claims}, "access_token": {claims}, "final_url",
//           "email_field": {"type", "autocomplete", "in_form"}, "hops": ["GET http://localhost:8080/", ...]}
//       -> {"ok": false, "error", "url", "title", "text", "screenshot", "hops"}
//
// Everything is looked up as a person with a screen reader finds it: by role and label. "hops" are the pages the
// browser was sent to, without their query, so that no code or assertion gets into a test's output.

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

async function claims(page, id) {
  const element = page.locator(`pre#${id}`)
  await element.waitFor()
  return JSON.parse(await element.textContent())
}

async function failure(page, error, screens) {
  await mkdir(screens, { recursive: true })
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
const hops = []
let answer
try {
  const page = await browser.newPage()
  page.setDefaultTimeout((order.timeout_seconds ?? 30) * 1000)
  page.on('request', (request) => {
    if (!request.isNavigationRequest()) return
    const { origin, pathname } = new URL(request.url())
    hops.push(`${request.method()} ${origin}${pathname}`)
  })
  try {
    await page.goto(order.url)
    const email_field = await typeAddress(page, order.email)
    await signIn(page, order.person ?? order.email)
    const id_token = await claims(page, 'id-token-claims')
    const access_token = await claims(page, 'access-token-claims')
    const { origin, pathname } = new URL(page.url())
    answer = { ok: true, id_token, access_token, final_url: origin + pathname, email_field }
  } catch (error) {
    answer = await failure(page, error, order.screens ?? join(import.meta.dirname, '../screens'))
  }
} finally {
  await browser.close()
}
process.stdout.write(`${JSON.stringify({ ...answer, hops })}\n`)
