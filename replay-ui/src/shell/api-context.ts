// The API for every component, and what happens when the login has ended, whoever notices it first.

import { createApi } from '../api/client.ts'
import { noteDate } from './clock.ts'

let leave: () => void = () => undefined

/** Says what to do when an answer is 401. One at a time: the last one given counts. */
export function whenLoggedOut(run: () => void): void {
  leave = run
}

/** Same-origin API of the gateway that served the page. */
export const api = createApi(async (input, init) => {
  const response = await fetch(input, init)
  noteDate(response.headers.get('date'))
  if (response.status === 401) leave()
  return response
})
