import type { Command, Option } from 'commander'

export type Candidate = readonly [word: string, description: string]

/** What the last of the words, which may be empty, may become. None where only the name of a file can stand. */
export function candidates(program: Command, words: readonly string[]): readonly Candidate[] {
  const before = words.slice(0, -1)
  const last = words.at(-1) ?? ''
  const command = program.commands.find(each => before.includes(each.name()))
  const options = [...(command?.options ?? []), ...program.options].filter(option => !option.hidden)
  if (options.some(option => takesValue(option) && isNamed(option, before.at(-1)))) return []
  if (last.startsWith('-')) {
    return starting(
      last,
      options.map(option => [option.long ?? '', option.description]),
    )
  }
  if (command === undefined) {
    return starting(
      last,
      program.commands.map(each => [each.name(), each.summary()]),
    )
  }
  const choices = command.registeredArguments[0]?.argChoices ?? []
  return starting(
    last,
    choices.map(choice => [choice, '']),
  )
}

function starting(beginning: string, all: readonly Candidate[]): readonly Candidate[] {
  return all.filter(([word]) => word.startsWith(beginning))
}

function isNamed({ long, short }: Option, word: string | undefined): boolean {
  return word !== undefined && (word === long || word === short)
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional
}
