import { runScenarios } from './scenarios.ts'

/** A Worker that answers how the scenarios went. */
export default {
  async fetch(): Promise<Response> {
    return Response.json(await runScenarios())
  },
}
