// Loaded before each part of `sallyport up`: when `up` is gone, however it went, standard input ends and the part stops as it
// would for SIGTERM. So nothing is left running that holds the port.

import process from 'node:process'

// Not at once: Deno lets the program itself begin only when what it preloads has nothing left to wait for.
setTimeout(() => {
  const stop = () => process.kill(process.pid, 'SIGTERM')
  process.stdin.on('end', stop)
  process.stdin.on('error', stop)
  process.stdin.resume()
  // It must not keep a part alive that has nothing more to do.
  process.stdin.unref?.()
}, 100).unref?.()
