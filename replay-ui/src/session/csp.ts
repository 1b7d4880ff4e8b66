// Lets xterm style itself under a Content-Security-Policy without 'unsafe-inline'.
// xterm writes <style> elements and style attributes, which such a policy blocks; constructable sheets and CSSOM it allows.

/** Anything that can have adopted sheets. */
interface Stylable extends Document {
  adoptedStyleSheets: CSSStyleSheet[]
}

/**
 * A document for xterm's `documentOverride`: `<style>` becomes an inert element that feeds a constructable sheet, and
 * style attributes of spans go through `cssText`. `patch` does the same to the real document while `run` runs, since
 * parts of xterm use it directly. `dispose` takes the sheets away again.
 */
export function styledDocument(real: Stylable): { document: Document; patch(run: () => void): void; dispose(): void } {
  const sheets: CSSStyleSheet[] = []
  const createElement = real.createElement.bind(real)
  const create = (name: string, options?: ElementCreationOptions): HTMLElement => {
    if (name === 'style') return styleElement(real, sheets)
    const element = createElement(name, options)
    if (name === 'span') attributeToCSSOM(element)
    return element
  }
  const proxy = new Proxy(real, {
    get(target, key) {
      if (key === 'createElement') return create
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    },
    set: (target, key, value) => Reflect.set(target, key, value),
  })
  return {
    document: proxy,
    patch(run) {
      Object.defineProperty(real, 'createElement', { value: create, configurable: true, writable: true })
      try {
        run()
      } finally {
        Reflect.deleteProperty(real, 'createElement')
      }
    },
    dispose() {
      real.adoptedStyleSheets = real.adoptedStyleSheets.filter((sheet) => !sheets.includes(sheet))
    },
  }
}

function styleElement(real: Stylable, sheets: CSSStyleSheet[]): HTMLElement {
  const element = Document.prototype.createElement.call(real, 'template')
  const sheet = new CSSStyleSheet()
  sheets.push(sheet)
  real.adoptedStyleSheets = [...real.adoptedStyleSheets, sheet]
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
