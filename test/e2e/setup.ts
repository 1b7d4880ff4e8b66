// Before the first file: what several of them need and what must not be made twice at once.

import { builtApp } from '../../cli/up/app.ts'
import { clients } from '../clients.ts'
import { ensureChromium } from './browser.ts'

/** Unpacks the clients, builds the app, and installs a Chromium where that can be done. */
export default async function setup(): Promise<void> {
  await clients()
  await builtApp(() => undefined)
  try {
    ensureChromium()
  } catch {
    // The tests that need one say so.
  }
}
