// Lets xterm style itself under a Content-Security-Policy without 'unsafe-inline'.
// xterm makes <style> elements and sets style attributes on spans, which such a policy blocks; constructable sheets and
// CSSOM it allows. In: the document. Out: a way to undo it.

/**
 * Until `dispose`: a `<style>` that the document creates is an inert element that feeds a constructable sheet, and a style
 * attribute set on a created `<span>` goes through `cssText`. xterm looks `createElement` up each time it draws, so
 * this must last as long as the terminal does.
 */
export function allowOwnStyles(document: Document): { dispose(): void } {
  const sheets: CSSStyleSheet[] = []
  const createElement = document.createElement.bind(document)
  const create = (name: string, options?: ElementCreationOptions): HTMLElement => {
    if (name === 'style') return styleElement(createElement('template'), document, sheets)
    const element = createElement(name, options)
    if (name === 'span') attributeToCSSOM(element)
    return element
  }
  Object.defineProperty(document, 'createElement', { value: create, configurable: true, writable: true })
  return {
    dispose() {
      Reflect.deleteProperty(document, 'createElement')
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => !sheets.includes(sheet))
    },
  }
}

function styleElement(element: HTMLElement, document: Document, sheets: CSSStyleSheet[]): HTMLElement {
  const sheet = new CSSStyleSheet()
  sheets.push(sheet)
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
  let source = ''
  const text = {
    configurable: true,
    get: () => source,
    set(value: string) {
      source = value
      sheet.replaceSync(value)
    },
  }
  Object.defineProperties(element, { textContent: text, innerText: text, sheet: { value: sheet } })
  const remove = element.remove.bind(element)
  element.remove = () => {
    sheet.replaceSync('')
    remove()
  }
  return element
}

function attributeToCSSOM(element: HTMLElement): void {
  const setAttribute = element.setAttribute.bind(element)
  element.setAttribute = (name, value) => {
    if (name === 'style') element.style.cssText = value
    else setAttribute(name, value)
  }
}
