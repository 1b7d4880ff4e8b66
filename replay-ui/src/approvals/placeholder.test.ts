import { expect, test } from 'vitest'
import { unwrapped } from './placeholder.ts'

const wrap = (text: string) => Buffer.from(text).toString('base64')
const PLACEHOLDER = '⟦masked:secret-data:0123456789ab⟧'

test.each([
  ['a placeholder in base64', `password: ${wrap(PLACEHOLDER)}`, `password: ${PLACEHOLDER}`],
  ['two of them', `${wrap(PLACEHOLDER)},${wrap(PLACEHOLDER)}`, `${PLACEHOLDER},${PLACEHOLDER}`],
  ['one as it is', PLACEHOLDER, PLACEHOLDER],
  ['more than a placeholder', wrap(`${PLACEHOLDER}<b>`), wrap(`${PLACEHOLDER}<b>`)],
  ['no tag', wrap('⟦masked:secret-data⟧'), wrap('⟦masked:secret-data⟧')],
  ['no base64', '4p+mbWFza2Vk=', '4p+mbWFza2Vk='],
  ['other base64', wrap('hello'), wrap('hello')],
])('%s', (_, text, shown) => expect(unwrapped(text)).toBe(shown))
