// What characters of base64 stand for. No I/O.

/** The value of a byte that is no character of base64. */
export const NONE = 64

/** Six bits by character, of either alphabet. */
export const SIX = new Uint8Array(256).fill(NONE)
for (const [value, char] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries()) {
  SIX[char.charCodeAt(0)] = value
}
SIX[0x2d] = 62
SIX[0x5f] = 63
