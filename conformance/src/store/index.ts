import type { StoreCase } from '../case.ts'

/** Every case of the store contract, in the order of the report. */
export const storeCases: readonly StoreCase[] = []
