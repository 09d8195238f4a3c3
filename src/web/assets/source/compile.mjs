// Prints the compiled style sheet: Sass, then what no page of ours can match is taken out.
//
// The classes of UNUSED are patterns that no template of ours has; a template that begins to use one
// takes it off this list. DECLARED are declarations that say again what the body says.

import { compile } from 'sass'
import postcss from 'postcss'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const UNUSED = [
  /\.govuk-summary-card/,
  /\.govuk-summary-list__actions(-list|-list-item)?\b.*\.govuk-link:focus/,
  /\.govuk-button--(inverse|start)/,
  /\.govuk-button__start-icon/,
  /\.govuk-tag--(turquoise|pink|magenta|orange|teal)/,
  /\.govuk-pagination--block/,
  /\.govuk-breadcrumbs--inverse/,
  /\.govuk-link--(inverse|muted|no-underline)/,
  /\.govuk-link-image/,
  /\.govuk-grid-column-(one-quarter|three-quarters|one-half)/,
  /\.govuk-grid-column-.*-from-desktop/,
  /\.govuk-(input|select|fieldset|label)__?(wrapper|prefix|suffix)/,
  /\.govuk-input--width-(30|20|5|3)/,
  /\.govuk-table__caption--xl/,
  /\.govuk-section-break--xl/,
  /\.govuk-(label|fieldset__legend)--[lx]/,
  /\.govuk-caption-xl/,
  /\.govuk-visually-hidden-focusable/,
  /\[href\^=.*\.govuk-link::after/,
]

const DECLARED = /^(-webkit-font-smoothing|-moz-osx-font-smoothing|-webkit-text-decoration-skip(-ink)?|text-decoration-skip|word-wrap)$/
const FORMS = /^\.govuk-(button|input|select)$/

const SAID = `/*! Piperoll. Parts from GOV.UK Frontend, MIT: Copyright (C) 2017 Crown Copyright (Government
Digital Service); see LICENCE-govuk-frontend.txt. Compiled from source/ by build: do not edit. */
`

/** Takes out a rule that none of our pages can match, or the selectors of it that none can. */
function prune(rule) {
  if (rule.parent.type === 'atrule' && rule.parent.name === 'keyframes') return
  rule.selectors = rule.selectors.filter((one) => !UNUSED.some((unused) => unused.test(one)))
  rule.walkDecls((each) => {
    const inherited = each.prop === 'font-family' && each.value === 'inherit'
    const repeats = inherited && (rule.parent.type === 'atrule' || !FORMS.test(rule.selector))
    if (repeats || DECLARED.test(each.prop)) each.remove()
  })
  if (rule.selector === '' || rule.nodes.length === 0) rule.remove()
}

/** Neighbours with the same condition or selector become one; the order of declarations stays. */
function merge(container) {
  let before = null
  for (const node of [...container.nodes]) {
    const same = (key) => before?.type === node.type && before[key] === node[key]
    if (node.type === 'rule' ? same('selector') : node.name === 'media' && same('params')) {
      before.append(node.nodes)
      node.remove()
    } else {
      before = node
    }
  }
  for (const node of container.nodes) if (node.type === 'atrule' && node.nodes) merge(node)
}

const here = dirname(fileURLToPath(import.meta.url))
const modules = process.argv[2] ?? join(here, 'node_modules')
const { css } = compile(join(here, 'piperoll.scss'), {
  loadPaths: [modules],
  style: 'compressed',
  charset: false,
  quietDeps: true,
})
const sheet = postcss.parse(css)
sheet.walkRules(prune)
sheet.walkAtRules((each) => {
  if (!each.nodes) return
  // Written for Internet Explorer alone, or for browsers older than `text-wrap`.
  const bygone = /-ms-high-contrast|screen\s*(\\0|[^ -~])|not \(text-wrap/.test(each.params)
  if (bygone || each.nodes.length === 0) each.remove()
  else if (each.params === 'not (-ms-ime-align: auto)') each.replaceWith(each.nodes)
})
merge(sheet)
// Every one of these is defined on the root, so no fall-back is ever taken.
const text = sheet
  .toString()
  .replace(/var\((--govuk-[a-z-]+-colour), ?#[0-9a-f]{3,8}\)/g, 'var($1)')
  // In ASCII, so that no label of a character set is needed.
  .replaceAll('\u00a0', '\\a0 ')
process.stdout.write(`${SAID}${text.trim()}\n`)
