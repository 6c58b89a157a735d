import { Command } from 'commander'
import { globalOptions } from './command.ts'
import { lsCommand } from './commands/ls.ts'
import { doctorCommand } from './upkeep/doctor.ts'

/** Commands that read and write attachments. */
const ofAttachments = [lsCommand]
/** Commands that an operator runs now and then. */
const ofUpkeep = [doctorCommand]

export function createProgram(): Command {
  const program = globalOptions(new Command('lash-attachments'))
    .description('Content-addressed attachments: put and get them, look after their store, move it.')
    .helpCommand(true)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
  program.commandsGroup('Attachments:')
  for (const create of ofAttachments) add(program, create())
  program.commandsGroup('Upkeep:')
  for (const create of ofUpkeep) add(program, create())
  return program
}

function add(program: Command, command: Command): void {
  command.copyInheritedSettings(program)
  program.addCommand(command)
}
