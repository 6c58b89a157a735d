/** How a driver's streams are read. Loaded with the first of them. */
export { collect } from './collect.ts'
export { verified } from './verification.ts'
