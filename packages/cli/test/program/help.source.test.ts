import { expect, test } from 'vitest'
import { candidates } from '../../src/completion/candidates.ts'
import { createProgram } from '../../src/program.ts'

const names = createProgram().commands.map(command => command.name())

/** What `--help` prints. */
function helpOf(...args: string[]): string {
  let text = ''
  const program = createProgram()
  for (const command of [program, ...program.commands]) command.configureOutput({ writeOut: given => (text += given) })
  expect(() => program.parse([...args, '--help'], { from: 'user' })).toThrow('(outputHelp)')
  return text
}

test('every command has a line in the help', () => {
  const help = helpOf()
  for (const name of names) expect(help).toMatch(new RegExp(`^  ${name} .*\\S$`, 'm'))
})

test.each(names)('the help of %s has what it does, its options and examples', name => {
  const help = helpOf(name)
  expect(help).toContain(`Usage: lash-attachments ${name}`)
  expect(help).toContain('--store <url>')
  expect(help).toMatch(new RegExp(`Examples:\n  # .*\n  lash-attachments ${name} `))
})

test.each<[string[], string[]]>([
  [[''], names],
  [['put', '--store', ''], []],
  [['complete', 'z'], ['zsh']],
  [['sweep', '--d'], ['--dry-run']],
])('after %j stands one of %j', (words, expected) => {
  expect(candidates(createProgram(), words).map(([word]) => word)).toEqual(expected)
})
