// The door of the stage: what the hub and the runtimes import.

export type { Answered, HeldRequest, Holds, HoldsOptions, Vote } from './contract.ts'
