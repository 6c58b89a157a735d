import { areInstalled, install, installCommandOf, mayInstall } from './debian.ts'

const packages = ['strace']

/**
 * Sees to it that `strace` is there, which the power cut tests record system calls with. Where it cannot be had, says
 * so in one line; those tests are skipped then.
 * @throws Error when it cannot be had and `CI` is true.
 */
export async function ensureStrace(say: (line: string) => void = console.log): Promise<void> {
  if (process.platform !== 'linux' || areInstalled(packages)) return
  try {
    if (!mayInstall()) throw new Error('it is not installed')
    say(`strace: installing it for the tests (LASH_TEST_INSTALL=0 turns this off): ${installCommandOf(packages)}`)
    await install(packages)
  } catch (error) {
    const line = `strace: the power cut tests cannot run, ${(error as Error).message}; to install it: ${installCommandOf(packages)}`
    if (process.env.CI === 'true') throw new Error(line)
    say(line)
  }
}
