// The API for every component, and what happens when the login has ended.

import { createApi } from '../api/client.ts'

/** Same-origin API of the gateway that served the page. */
export const api = createApi((input, init) => fetch(input, init))
