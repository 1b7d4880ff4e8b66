// How random a stretch of bytes looks. No I/O.

const counts = new Uint16Array(256)

/** Shannon entropy in bits for each byte of `bytes[start..end)`; 0 when it is empty. Looks at the first 1,024 bytes. */
export function entropyOf(bytes: Uint8Array, start: number, end: number): number {
  const stop = Math.min(end, start + 1024)
  const length = stop - start
  if (length <= 0) return 0
  for (let i = start; i < stop; i++) counts[bytes[i]!]!++
  let sum = 0
  for (let i = start; i < stop; i++) {
    const count = counts[bytes[i]!]!
    if (count > 0) {
      sum += count * Math.log2(count)
      counts[bytes[i]!] = 0
    }
  }
  return Math.log2(length) - sum / length
}
