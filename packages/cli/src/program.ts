import { readFileSync } from 'node:fs'
import { Command, type OutputConfiguration } from 'commander'
import { globalOptions } from './command.ts'

type Commands = Readonly<Record<string, () => Promise<Command>>>

/** Commands that read and write attachments. */
const ofAttachments: Commands = {
  put: async () => (await import('./commands/put.ts')).putCommand(),
  get: async () => (await import('./commands/get.ts')).getCommand(),
  ls: async () => (await import('./commands/ls.ts')).lsCommand(),
  stat: async () => (await import('./commands/stat.ts')).statCommand(),
  rm: async () => (await import('./commands/rm.ts')).rmCommand(),
  usage: async () => (await import('./commands/usage.ts')).usageCommand(),
  serve: async () => (await import('./commands/serve.ts')).serveCommand(),
}
/** Commands that an operator runs now and then. */
const ofUpkeep: Commands = {
  sweep: async () => (await import('./upkeep/sweep.ts')).sweepCommand(),
  audit: async () => (await import('./upkeep/audit.ts')).auditCommand(),
  verify: async () => (await import('./upkeep/verify.ts')).verifyCommand(),
  copy: async () => (await import('./upkeep/copy.ts')).copyCommand(),
  repair: async () => (await import('./upkeep/repair.ts')).repairCommand(),
  doctor: async () => (await import('./upkeep/doctor.ts')).doctorCommand(),
}
const ofShell: Commands = {
  complete: async () => (await import('./completion/command.ts')).completeCommand(),
}

const groups: Readonly<Record<string, Commands>> = {
  'Attachments:': ofAttachments,
  'Upkeep:': ofUpkeep,
  'Shell:': ofShell,
}

/**
 * @param first the first word of the command line. Where that is a command, the others are not there: a command starts
 * in half of the time without what they load.
 * @param output where help and errors of the command line go.
 */
export async function createProgram(first = '', output: OutputConfiguration = {}): Promise<Command> {
  const program = globalOptions(new Command('lash-attachments'))
    .description('Content-addressed attachments: put and get them, look after their store, move it.')
    .version(version())
    .helpCommand(false)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    // Before there are commands: each takes it over when it is added.
    .configureOutput(output)
  const isCommand = Object.values(groups).some(commands => Object.hasOwn(commands, first))
  for (const [title, commands] of Object.entries(groups)) {
    program.commandsGroup(title)
    for (const [name, create] of Object.entries(commands)) {
      if (!isCommand || name === first) add(program, await create())
    }
  }
  return program
}

function add(program: Command, command: Command): void {
  command.copyInheritedSettings(program)
  program.addCommand(command)
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return version
}
