import { expect, test } from 'vitest'
import { candidates } from '../../src/completion/candidates.ts'
import { createProgram } from '../../src/program.ts'

const { commands } = await createProgram()
const names = commands.map(command => command.name())

/** What `--help` prints. */
async function helpOf(...args: string[]): Promise<string> {
  let text = ''
  const program = await createProgram(args[0])
  for (const command of [program, ...program.commands]) command.configureOutput({ writeOut: given => (text += given) })
  expect(() => program.parse([...args, '--help'], { from: 'user' })).toThrow('(outputHelp)')
  return text
}

test('every command has a line in the help', async () => {
  const help = await helpOf()
  for (const name of names) expect(help).toMatch(new RegExp(`^  ${name} .*\\S$`, 'm'))
})

test.each(names)('the help of %s has what it does, its options and examples', async name => {
  const help = await helpOf(name)
  expect(help).toContain(`Usage: lash-attachments ${name}`)
  expect(help).toContain('--store <url>')
  expect(help).toMatch(new RegExp(`Examples:\n  # .*\n  lash-attachments ${name} `))
})

test.each<[string[], string[]]>([
  [[''], names],
  [['put', '--store', ''], []],
  [['complete', 'z'], ['zsh']],
  [['sweep', '--d'], ['--dry-run']],
])('after %j stands one of %j', async (words, expected) => {
  expect(candidates(await createProgram(), words).map(([word]) => word)).toEqual(expected)
})

test.each([
  [['lss'], "unknown command 'lss'\n(Did you mean ls?)"],
  [['sweep', '--older-than', '5'], 'a number and a unit, such as 30m'],
  [['ls', '--prefix', 'xy'], 'An id begins with lower-case hex digits'],
  [['serve', '--port', '70000'], 'at most 65535'],
  [['get', 'abc'], 'An id is 64 lower-case hex digits'],
])('%j is refused', async (line, why) => {
  let said = ''
  const program = await createProgram(line[0], { outputError: text => (said += text) })
  await expect(program.parseAsync(line, { from: 'user' })).rejects.toThrow()
  expect(said).toContain(why)
})
