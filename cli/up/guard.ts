// Loaded before each part of `sallyport up`: when `up` is gone, however it went, standard input ends and the part stops as it
// would for SIGTERM. So nothing is left running that holds the port.

import process from 'node:process'

process.stdin.on('end', () => process.kill(process.pid, 'SIGTERM'))
process.stdin.on('error', () => process.kill(process.pid, 'SIGTERM'))
process.stdin.resume()
