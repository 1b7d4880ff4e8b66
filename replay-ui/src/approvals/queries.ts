// What the pages ask the API for again and again. One key for the inbox and the number in the navigation: one request for both.
// Nothing is asked while the page is hidden.

import { createQuery } from '@tanstack/solid-query'
import { api } from '../shell/api-context.ts'

export const POLL_MS = 2000
const SLOW_POLL_MS = 10_000

/** Collecting, pending and approved questions. */
export function useOpenApprovals() {
  return createQuery(() => ({
    queryKey: ['approvals', 'open'],
    queryFn: () => api.approvals({ open: true }),
    refetchInterval: POLL_MS,
  }))
}

export function useMe() {
  return createQuery(() => ({ queryKey: ['me'], queryFn: () => api.me(), staleTime: 60_000 }))
}

/** Kill switches that are thrown. */
export function useBlocks() {
  return createQuery(() => ({
    queryKey: ['blocks'],
    queryFn: () => api.blocks(),
    refetchInterval: SLOW_POLL_MS,
  }))
}
