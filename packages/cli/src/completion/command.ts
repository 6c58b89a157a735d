import { Argument, Command } from 'commander'
import { examples } from '../command.ts'
import { scripts } from './scripts.ts'

export function completeCommand(): Command {
  const command = new Command('complete')
    .summary('print what completes command lines in a shell')
    .description('Prints a script for the shell, which completes commands, options and files.')
    .addArgument(new Argument('<shell>', 'which one').choices(Object.keys(scripts)))
    .action((shell: keyof typeof scripts) => void process.stdout.write(scripts[shell]))
  return examples(
    command,
    ['bash; read the file in ~/.bashrc', 'complete bash > ~/.lash-attachments.bash'],
    ['zsh, in a folder of $fpath', 'complete zsh > _lash-attachments'],
    ['fish', 'complete fish > ~/.config/fish/completions/lash-attachments.fish'],
  )
}
