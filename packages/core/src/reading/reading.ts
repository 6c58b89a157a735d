/** How a driver's streams are read. Loaded in the background, with the first store. */
export { collect } from './collect.ts'
export { verified } from './verification.ts'
