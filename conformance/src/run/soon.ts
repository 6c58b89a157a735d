import { turn } from './samples.ts'

/** What happens in the background comes at the pace of the machine. */
const soonMs = 5000

/**
 * Asks again in each turn of the event loop until the answer is as wished, or for some seconds.
 * @returns the last answer.
 */
export async function soon<T>(ask: () => T | Promise<T>, isWished: (answer: T) => boolean): Promise<T> {
  const deadline = performance.now() + soonMs
  let answer = await ask()
  while (!isWished(answer) && performance.now() < deadline) {
    await turn()
    answer = await ask()
  }
  return answer
}
