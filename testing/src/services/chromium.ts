import { install, installCommandOf, mayInstall, pathOf } from './debian.ts'

const program = 'chromium'
const packages = [program]

/** The Chromium that tests drive: what LASH_TEST_CHROMIUM names, or the one on the PATH. */
export function findChromium(): string | undefined {
  return process.env.LASH_TEST_CHROMIUM || pathOf(program)
}

/** For people: how to get one. */
export const chromiumHint: string = `${installCommandOf(packages)}, or set LASH_TEST_CHROMIUM to the path of one`

/**
 * Sees to it that there is a Chromium, which the tests of the chat drive. Where it cannot be had, says so in one line;
 * those tests are skipped then.
 * @throws Error when it cannot be had and `CI` is true.
 */
export async function ensureChromium(say: (line: string) => void = console.log): Promise<void> {
  if (findChromium() !== undefined) return
  try {
    if (process.platform !== 'linux' || !mayInstall()) throw new Error('it is not installed')
    say(`chromium: installing it for the tests (LASH_TEST_INSTALL=0 turns this off): ${installCommandOf(packages)}`)
    await install(packages)
  } catch (error) {
    const line = `chromium: the tests in a browser cannot run, ${(error as Error).message}; to install it: ${chromiumHint}`
    if (process.env.CI === 'true') throw new Error(line)
    say(line)
  }
}
