/**
 * What each shell runs to complete a command line. It asks the program itself, which prints a candidate a line, with a
 * tab and a description behind it. Where that is none, the shell completes the name of a file.
 */
export const scripts = {
  bash: `_lash_attachments() {
  local IFS=$'\\n'
  COMPREPLY=($(lash-attachments complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f 1))
}
complete -o default -F _lash_attachments lash-attachments
`,
  zsh: `#compdef lash-attachments
_lash_attachments() {
  local -a found
  found=("\${(@f)$(lash-attachments complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n $found ]]; then
    found=("\${(@)found//$'\\t'/:}")
    _describe 'lash-attachments' found
  else
    _files
  fi
}
if [[ $funcstack[1] == _lash-attachments ]]; then _lash_attachments; else compdef _lash_attachments lash-attachments; fi
`,
  fish: `function __lash_attachments
  set -l found (lash-attachments complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c lash-attachments -f -a '(__lash_attachments)'
`,
} as const
