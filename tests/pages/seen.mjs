// What is asked of a page from inside it. Each function is sent to the browser as it stands, so it
// uses nothing from outside itself; each gives a list of findings, empty when all is well.

/** The document: headings, language, ids, names of places, no script, marks that are words too. */
export function judgeDocument({ language }) {
  const found = []
  const say = (check, says) => found.push({ check, says })
  const all = (selector) => [...document.querySelectorAll(selector)]
  const brief = (node) => node.outerHTML.replace(/\s+/g, ' ').slice(0, 160)

  const first = all('h1')
  if (first.length !== 1) say('one-h1', `${first.length} first headings`)
  let level = 1
  for (const heading of all('h1, h2, h3, h4, h5, h6')) {
    const depth = Number(heading.tagName[1])
    if (depth > level + 1) say('heading-levels', `h${depth} after h${level}: ${brief(heading)}`)
    level = depth
  }
  const lang = document.documentElement.lang
  if (lang !== language) say('language', `html says lang="${lang}", the address says "${language}"`)
  if (document.title.trim() === '') say('title', 'no title')

  const ids = all('[id]').map((node) => node.id)
  for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) {
    say('ids', `the id "${id}" stands more than once`)
  }
  for (const link of all('a[href^="#"]')) {
    if (!document.getElementById(link.getAttribute('href').slice(1))) say('fragment', brief(link))
  }
  for (const node of all('script')) say('script', brief(node))
  for (const node of all('*')) {
    const handlers = [...node.attributes].filter((one) => /^on[a-z]/i.test(one.name))
    const runs = handlers.length > 0 || /^\s*javascript:/i.test(node.getAttribute('href') ?? '')
    if (runs) say('script', brief(node))
    if (node.tabIndex > 0) say('tabindex', brief(node))
  }
  for (const node of all('.piperoll-rating, .piperoll-changed')) {
    const word = node.matches('.piperoll-changed') ? '.piperoll-changed__word' : null
    const text = word ? node.querySelector(word)?.innerText : node.innerText
    if (!text?.trim()) say('colour-alone', `a mark without a word: ${brief(node)}`)
  }
  return found
}

/** A link to the same page, in the language that `mirror` is in. */
export function judgeMirror({ mirror, other }) {
  const plain = (address) => {
    const url = new URL(address, document.baseURI)
    url.searchParams.sort()
    return `${url.origin}${url.pathname.replace(/(.)\/$/, '$1')}?${url.searchParams}`
  }
  const links = [...document.querySelectorAll(`a[hreflang="${other}"]`)]
  const there = links.filter((link) => plain(link.href) === plain(mirror))
  if (there.length === 0) {
    const seen = links.map((link) => link.getAttribute('href')).join(', ') || 'none'
    return [{ check: 'mirror', says: `no link with hreflang="${other}" to ${mirror}; seen: ${seen}` }]
  }
  const marked = there.some((link) => link.closest('[lang]')?.lang === other)
  return marked ? [] : [{ check: 'mirror', says: `the link to ${mirror} has no lang="${other}"` }]
}

/** Nothing is wider than the screen; what scrolls sideways does so in a region of its own. */
export function judgeWidth({ width }) {
  const wide = document.scrollingElement.scrollWidth
  if (wide <= width) return []
  const scrolls = (node) => /auto|scroll|hidden/.test(getComputedStyle(node).overflowX)
  const inside = (node) => {
    for (let up = node.parentElement; up && up !== document.body; up = up.parentElement) {
      if (scrolls(up)) return true
    }
    return false
  }
  const over = [...document.body.querySelectorAll('*')]
    .filter((node) => node.getBoundingClientRect().right > width + 0.5 && !inside(node))
    .map((node) => node.outerHTML.replace(/\s+/g, ' ').slice(0, 100))
  return [{ check: 'reflow', says: `${wide} wide at ${width}: ${over.slice(0, 3).join(' | ')}` }]
}

/** Numbers everything that the keyboard must reach and keeps how it looks without focus. */
export function listStops() {
  const look = (node) => {
    const style = getComputedStyle(node)
    return [style.outline, style.boxShadow, style.backgroundColor, style.borderColor].join(' ; ')
  }
  const selector =
    'a[href], button, input:not([type="hidden"]), select, textarea, summary, [tabindex], iframe'
  const reachable = (node) =>
    !node.disabled && node.tabIndex >= 0 && node.checkVisibility({ visibilityProperty: true })
  // One stop for a group of radio buttons: the browser goes to the chosen one, or to the first.
  const grouped = (node) => {
    if (node.type !== 'radio') return true
    const name = `input[type="radio"][name="${CSS.escape(node.name)}"]`
    const group = [...(node.form ?? document).querySelectorAll(name)]
    return node === (group.find((one) => one.checked) ?? group[0])
  }
  const stops = [...document.querySelectorAll(selector)].filter(reachable).filter(grouped)
  // Kept in the page, where the focus is compared with it; the page's own scripts are switched off.
  globalThis.piperollStops = { stops, looks: stops.map(look), look }
  return stops.length
}

/** Which stop has the focus (-1 for none of them), and whether that can be seen. */
export function seeFocus() {
  const { stops, looks, look } = globalThis.piperollStops
  const node = document.activeElement
  const at = stops.indexOf(node)
  const brief = node.outerHTML.replace(/\s+/g, ' ').slice(0, 120)
  // What scrolls is a stop in itself in some browsers, which is as it should be.
  if (at < 0) return { at, brief, nowhere: node === document.body || node === document.documentElement }
  const style = getComputedStyle(node)
  const box = node.getBoundingClientRect()
  const within =
    box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth && box.width > 1
  const outlined =
    style.outlineStyle !== 'none' && style.outlineWidth !== '0px' && !/, 0\)$/.test(style.outlineColor)
  return { at, brief, within, seen: outlined || look(node) !== looks[at] }
}

/** On paper: what the page is about stands there, what is only for the screen does not. */
export function judgePrint({ width }) {
  const found = []
  const say = (says) => found.push({ check: 'print', says })
  const shown = (node) => node.checkVisibility() && node.getBoundingClientRect().height > 1
  const main = document.querySelector('main')
  if (!main || !shown(main)) say('nothing of main is printed')
  for (const node of document.querySelectorAll('h1, main table, main figure, .piperoll-citation')) {
    if (!shown(node)) say(`not printed: ${node.outerHTML.replace(/\s+/g, ' ').slice(0, 100)}`)
  }
  for (const node of document.querySelectorAll('nav, .govuk-skip-link')) {
    const words = [...node.querySelectorAll('a')].concat(node.matches('a') ? [node] : [])
    if (words.some(shown)) say(`printed: ${node.outerHTML.replace(/\s+/g, ' ').slice(0, 100)}`)
  }
  const wide = document.scrollingElement.scrollWidth
  if (wide > width) say(`${wide} wide on paper of ${width}`)
  return found
}
