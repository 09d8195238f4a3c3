// Looks at pages in Chromium as people do: without script, at two widths, by keyboard, on paper, and
// with axe for WCAG 2.2 AA. `check` beside it fetches what this needs and runs it.
//
//   tests/pages/check pages.json     or the same on standard input
//
//   { "base": "http://127.0.0.1:8080",         or "folder": files served here, for the bad page
//     "headers": { "authorization": "…" },     sent to the base only; optional
//     "cookies": { "name": "value" },          likewise
//     "pages": ["/a", { "path": "/b", "status": 404, "mirror": "/cy/c" }],
//     "most_bytes": 100000,                    of HTML and CSS; optional
//     "screenshots": "FOLDER" }                optional
//
// Prints one JSON document. Exit status: 0 nothing found, 1 findings, 2 could not run.
//
// Invariant: a page's own scripts never run while it is judged by us, and no request leaves for any
// other place than the base. axe cannot work with scripts off, so it looks at a second load of a page
// of which the first has shown whether it holds any script.

import { createRequire } from 'node:module'
import { createServer } from 'node:http'
import { mkdirSync, readFileSync } from 'node:fs'
import { extname, join, normalize } from 'node:path'
import * as seen from './seen.mjs'

const WIDTHS = [320, 1280]
// A4 between its margins, in CSS pixels.
const PAPER = 687
const MOST_BYTES = 100_000
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice']
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Something is missing or in the way; the text says what to do about it. */
class CannotRun extends Error {}

async function main() {
  const asked = read(process.argv[2])
  const { chromium, axe } = modules()
  const served = asked.folder ? await serve(asked.folder) : null
  const browser = await launch(chromium)
  try {
    const base = served?.base ?? asked.base.replace(/\/$/, '')
    const pages = []
    for (const width of WIDTHS) pages.push(...(await atWidth(browser, { ...asked, base, width, axe })))
    const count = (key) => pages.reduce((sum, page) => sum + page[key].length, 0)
    const totals = { violations: count('violations'), findings: count('findings') }
    process.stdout.write(`${JSON.stringify({ base, ...totals, pages }, null, 1)}\n`)
    return totals.violations + totals.findings === 0 ? 0 : 1
  } finally {
    await browser.close()
    served?.server.close()
  }
}

function read(file) {
  let asked
  try {
    asked = JSON.parse(readFileSync(file ?? 0, 'utf8'))
  } catch (error) {
    throw new CannotRun(`${file ?? 'standard input'} is no JSON document to read: ${error.message}`)
  }
  if (!asked.base === !asked.folder) throw new CannotRun('name either a `base` or a `folder`')
  if (!Array.isArray(asked.pages) || asked.pages.length === 0) {
    throw new CannotRun('`pages` must list at least one path')
  }
  const pages = asked.pages.map((page) => (typeof page === 'string' ? { path: page } : page))
  const wrong = pages.find((page) => typeof page.path !== 'string' || !page.path.startsWith('/'))
  if (wrong) throw new CannotRun(`no path, which begins with a slash: ${JSON.stringify(wrong)}`)
  if (asked.screenshots) mkdirSync(asked.screenshots, { recursive: true })
  return { ...asked, pages }
}

/** From the folder that `check` filled. */
function modules() {
  const folder = process.env.PIPEROLL_PAGES_MODULES ?? '.'
  try {
    const require = createRequire(join(folder, 'package.json'))
    return { chromium: require('playwright-core').chromium, axe: require('axe-core').source }
  } catch (error) {
    throw new CannotRun(
      `playwright-core and axe-core are not in ${folder}: run tests/pages/check, which has npm ` +
        `fetch them (${error.code})`,
    )
  }
}

async function launch(chromium) {
  const executablePath = process.env.PIPEROLL_CHROMIUM
  if (!executablePath) {
    throw new CannotRun(
      'PIPEROLL_CHROMIUM names no Chromium: run tests/pages/check, or set it to what ' +
        '`deploy/local browser` prints',
    )
  }
  try {
    // Each launch has an empty folder of its own for what a browser keeps of its user.
    return await chromium.launch({ executablePath, headless: true, args: FLAGS })
  } catch (error) {
    const last = error.message.split('\n')[0]
    throw new CannotRun(`the Chromium at ${executablePath} does not start: ${last}`)
  }
}

/** Serves the files of a folder on loopback; only for pages that no server of ours would make. */
async function serve(folder) {
  const kinds = { '.html': 'text/html; charset=utf-8', '.css': 'text/css' }
  const server = createServer((request, response) => {
    const name = normalize(new URL(request.url, 'http://localhost').pathname)
    try {
      const body = readFileSync(join(folder, name))
      response.writeHead(200, { 'content-type': kinds[extname(name)] ?? 'text/plain' }).end(body)
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, base: `http://127.0.0.1:${server.address().port}` }
}

async function atWidth(browser, asked) {
  const viewport = { width: asked.width, height: 900 }
  const options = { viewport, reducedMotion: 'reduce', serviceWorkers: 'block' }
  const plain = await open(browser, asked, { ...options, javaScriptEnabled: false })
  const scripted = await open(browser, asked, options)
  const judged = []
  for (const page of asked.pages) judged.push(await judge(asked, page, plain, scripted))
  await plain.page.context().close()
  await scripted.page.context().close()
  return judged
}

/** One tab that reaches nothing but the base, and a list of what went wrong in it. */
async function open(browser, asked, options) {
  const context = await browser.newContext(options)
  context.setDefaultTimeout(30_000)
  const tab = { heard: [], responses: [] }
  const origin = new URL(asked.base).origin
  await context.route('**/*', (route) => {
    const request = route.request()
    if (/^(data|blob|about):/.test(request.url())) return route.continue()
    if (new URL(request.url()).origin !== origin) {
      tab.heard.push({ check: 'elsewhere', says: `asks ${request.url()}` })
      return route.abort()
    }
    return route.continue({ headers: { ...request.headers(), ...asked.headers } })
  })
  const cookies = Object.entries(asked.cookies ?? {})
  await context.addCookies(cookies.map(([name, value]) => ({ name, value, url: asked.base })))
  tab.page = await context.newPage()
  tab.page.on('response', (response) => tab.responses.push(response))
  tab.page.on('pageerror', (error) => tab.heard.push({ check: 'console', says: error.message }))
  tab.page.on('console', (line) => {
    const own = line.location().url === tab.page.url() && line.text().startsWith('Failed to load')
    const blocked = line.text().includes('ERR_FAILED')
    if (line.type() === 'error' && !own && !blocked) {
      tab.heard.push({ check: 'console', says: line.text().slice(0, 200) })
    }
  })
  return tab
}

async function visit(asked, tab, path) {
  tab.heard.length = 0
  tab.responses.length = 0
  try {
    return await tab.page.goto(`${asked.base}${path}`, { waitUntil: 'load' })
  } catch (error) {
    throw new CannotRun(`${asked.base}${path} does not come: ${error.message.split('\n')[0]}`)
  }
}

async function judge(asked, { path, status = 200, mirror }, plain, scripted) {
  const { width } = asked
  const answer = await visit(asked, plain, path)
  const bytes = await weigh(plain.responses)
  const findings = [...plain.heard]
  const say = (check, says) => findings.push({ check, says })
  const came = new URL(plain.page.url())
  if (answer.status() !== status) say('status', `answered ${answer.status()}, not ${status}`)
  const asks = new URL(`${asked.base}${path}`)
  if (came.origin + came.pathname + came.search !== asks.origin + asks.pathname + asks.search) {
    say('moved', `led to ${came}`)
  }
  if (bytes >= (asked.most_bytes ?? MOST_BYTES)) say('bytes', `${bytes} bytes of HTML and CSS`)

  const welsh = /^\/cy(\/|\?|$)/.test(path)
  const language = welsh ? 'cy' : 'en'
  const other = welsh ? 'en' : 'cy'
  const there = mirror ?? (welsh ? path.replace(/^\/cy\/?/, '/') : `/cy${path}`)
  const on = (question, about) => plain.page.evaluate(question, about)
  findings.push(...(await on(seen.judgeDocument, { language })))
  findings.push(...(await on(seen.judgeMirror, { mirror: there, other })))
  findings.push(...(await on(seen.judgeWidth, { width })))
  if (asked.screenshots) {
    const name = `${path.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-|-$/g, '') || 'front'}-${width}.png`
    await plain.page.screenshot({ path: join(asked.screenshots, name), fullPage: true })
  }
  findings.push(...(await byKeyboard(plain.page)))
  if (width === WIDTHS.at(-1)) findings.push(...(await onPaper(plain.page)))
  return { path, width, status: answer.status(), bytes, findings, ...(await byAxe(asked, scripted, path)) }
}

/** The document and its style sheets, as they are before any compression. */
async function weigh(responses) {
  let bytes = 0
  for (const response of responses) {
    const counted = ['document', 'stylesheet'].includes(response.request().resourceType())
    const turned = response.status() >= 300 && response.status() < 400
    if (counted && !turned) bytes += (await response.body()).length
  }
  return bytes
}

/** Tab goes through every link, button and field in the order of the document, and is seen there. */
async function byKeyboard(page) {
  const findings = []
  const most = await page.evaluate(seen.listStops)
  const visited = new Set()
  let expected = 0
  // Regions that scroll may be stops of their own, hence more presses than stops.
  for (let pressed = 0; pressed < 2 * most + 10; pressed += 1) {
    await page.keyboard.press('Tab')
    const focus = await page.evaluate(seen.seeFocus)
    if (focus.nowhere || visited.has(focus.at)) break
    if (focus.at < 0) continue
    if (focus.at !== expected) {
      findings.push({ check: 'tab-order', says: `stop ${focus.at}, not ${expected}: ${focus.brief}` })
    }
    if (!focus.within) findings.push({ check: 'focus-hidden', says: focus.brief })
    if (!focus.seen) findings.push({ check: 'focus-unseen', says: focus.brief })
    visited.add(focus.at)
    expected = focus.at + 1
  }
  if (visited.size < most) {
    findings.push({ check: 'tab-order', says: `reached ${visited.size} of ${most} links and fields` })
  }
  return findings
}

async function onPaper(page) {
  const screen = page.viewportSize()
  await page.emulateMedia({ media: 'print' })
  await page.setViewportSize({ width: PAPER, height: 900 })
  const findings = await page.evaluate(seen.judgePrint, { width: PAPER })
  await page.emulateMedia({ media: null })
  await page.setViewportSize(screen)
  return findings
}

async function byAxe(asked, tab, path) {
  await visit(asked, tab, path)
  await tab.page.evaluate(asked.axe)
  const asking = tab.page.evaluate(
    (tags) => globalThis.axe.run(document, { runOnly: tags, resultTypes: ['violations', 'incomplete'] }),
    TAGS,
  )
  const result = await within(120_000, asking, `axe gives no answer about ${path}`)
  const violations = result.violations.map(({ id, impact, help, nodes }) => {
    return { rule: id, impact, help, nodes: nodes.map((node) => node.html.slice(0, 300)) }
  })
  // What axe cannot tell, such as the contrast of words that are scrolled out of sight.
  const unsure = result.incomplete.map(({ id, nodes }) => `${id} (${nodes.length})`)
  return { violations, unsure }
}

/** The answer, or a clear end when none comes: axe in a page that hangs would wait for ever. */
async function within(patience, answer, otherwise) {
  let timer
  const late = new Promise((_, refuse) => {
    timer = setTimeout(() => refuse(new CannotRun(otherwise)), patience)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}

main()
  .then((code) => {
    process.exitCode = code
  })
  .catch((error) => {
    const known = error instanceof CannotRun
    process.stderr.write(`tests/pages/check: ${known ? error.message : error.stack}\n`)
    process.exitCode = 2
  })
