/** What reads the streams of drivers. Core loads it in the background, with the first store. */
export { collect } from './collect.ts'
export { verified } from './verification.ts'
