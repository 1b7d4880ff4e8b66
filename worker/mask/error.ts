// What is thrown when content cannot be masked. No I/O.

/** Content that cannot be masked and so must be withheld. `reason` is for a person and never quotes the content. */
export class MaskError extends Error {
  readonly code = 'CANNOT_MASK'
  readonly reason: string
  /** True when the content is not what it says it is; a MaskPolicy may let such content pass. */
  readonly unreadable: boolean
  /** Set where it is JSON, made to be more than is looked at: whoever may write one object must not make that many pass unread. */
  readonly made: boolean
  constructor(reason: string, unreadable = false, made = false) {
    super(reason)
    this.name = 'MaskError'
    this.reason = reason
    this.unreadable = unreadable
    this.made = made
  }
}
