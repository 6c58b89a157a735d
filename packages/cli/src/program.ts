import { Command } from 'commander'
import { globalOptions } from './command.ts'
import { getCommand } from './commands/get.ts'
import { lsCommand } from './commands/ls.ts'
import { putCommand } from './commands/put.ts'
import { rmCommand } from './commands/rm.ts'
import { serveCommand } from './commands/serve.ts'
import { statCommand } from './commands/stat.ts'
import { usageCommand } from './commands/usage.ts'
import { completeCommand } from './completion/command.ts'
import { auditCommand } from './upkeep/audit.ts'
import { copyCommand } from './upkeep/copy.ts'
import { doctorCommand } from './upkeep/doctor.ts'
import { repairCommand } from './upkeep/repair.ts'
import { sweepCommand } from './upkeep/sweep.ts'
import { verifyCommand } from './upkeep/verify.ts'

/** Commands that read and write attachments. */
const ofAttachments = [putCommand, getCommand, lsCommand, statCommand, rmCommand, usageCommand, serveCommand]
/** Commands that an operator runs now and then. */
const ofUpkeep = [sweepCommand, auditCommand, verifyCommand, copyCommand, repairCommand, doctorCommand]

export function createProgram(): Command {
  const program = globalOptions(new Command('lash-attachments'))
    .description('Content-addressed attachments: put and get them, look after their store, move it.')
    .helpCommand(false)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
  program.commandsGroup('Attachments:')
  for (const create of ofAttachments) add(program, create())
  program.commandsGroup('Upkeep:')
  for (const create of ofUpkeep) add(program, create())
  program.commandsGroup('Shell:')
  add(program, completeCommand())
  return program
}

function add(program: Command, command: Command): void {
  command.copyInheritedSettings(program)
  program.addCommand(command)
}
