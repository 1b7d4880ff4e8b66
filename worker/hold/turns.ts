// One step after the other: a step that is being recorded is not overtaken by the next. No I/O of its own.

/** Runs a job after those before it, whether they worked or not. */
export type Turns = <T>(job: () => Promise<T>) => Promise<T>

export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve()
  return (job) => {
    const mine = last.then(job, job)
    last = mine.catch(() => {})
    return mine
  }
}
