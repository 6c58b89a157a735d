import type { SessionCase } from '../case.ts'

/** Every case of a store and a manifest together, in the order of the report. */
export const sessionCases: readonly SessionCase[] = []
