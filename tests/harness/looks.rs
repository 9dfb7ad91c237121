//! What makes any page usable for everybody, as far as its document tells: expressions that list faults.

/// Each must come to an empty list: what it finds is wrong.
pub(crate) const DOCUMENT_FAULTS: [(&str, &str); 7] = [
    (
        "headings that skip no level",
        "(() => { let last = 1; return [...document.querySelectorAll('main :is(h1,h2,h3)')].filter(h => { const level = +h.tagName[1]; const bad = level > last + 1; last = level; return bad; }).map(h => h.textContent); })()",
    ),
    (
        "tables with a caption",
        "[...document.querySelectorAll('table')].filter(t => !t.caption?.textContent).map(t => t.outerHTML.slice(0, 200))",
    ),
    (
        "head cells with a scope",
        "[...document.querySelectorAll('th:not([scope])')].map(c => c.outerHTML)",
    ),
    (
        "pictures with a name or none for anybody",
        "[...document.querySelectorAll('svg')].filter(s => s.getAttribute('aria-hidden') !== 'true' && !document.getElementById(s.getAttribute('aria-labelledby'))?.textContent).map(s => s.outerHTML.slice(0, 200))",
    ),
    (
        "buttons and links with a text",
        "[...document.querySelectorAll('button, a')].filter(b => !b.textContent.trim()).map(b => b.outerHTML)",
    ),
    (
        "references to what is there",
        "[...document.querySelectorAll('[aria-labelledby], [aria-controls]')].flatMap(e => [e.getAttribute('aria-labelledby'), e.getAttribute('aria-controls')]).filter(id => id && !document.getElementById(id))",
    ),
    (
        "no id twice",
        "[...document.querySelectorAll('[id]')].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i)",
    ),
];

/// Texts whose colour is too near to what is behind them; colours of glows and fades, which are
/// mixed with what is behind, are left to the eye.
pub(crate) const FAINT: &str = r"(() => {
  const parse = text => (text.match(/^rgba?\(([^)]*)\)$/)?.[1] ?? '0,0,0,0').split(',').map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if ((c[3] ?? 1) === 1) return c; } return [255, 255, 255]; };
  const texts = [...document.querySelectorAll('body *')].filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.namespaceURI.endsWith('xhtml') && !e.closest('noscript'));
  return texts.filter(e => { const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x); return (a + .05) / (b + .05) < 4.5; }).map(e => e.outerHTML.slice(0, 120));
})()";
