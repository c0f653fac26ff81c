/** `atlasc completion`, and what its scripts call: `atlasc complete -- WORD…`. */
import type { Command } from "commander";
import { exitCodes } from "./exit-codes.js";
import { messages, output } from "./screen.js";
import { completed } from "./words-completed.js";

/*
 * Each script hands the words over and offers what comes back: a proposal a line, a tab, what it is; the last line is
 * `:protocols`, `:folders` or `:none`. What a word can be is known to atlasc alone, so the scripts never get old.
 */

const bash = `# atlasc completion for bash: eval "$(atlasc completion bash)"
_atlasc() {
  local line last i part count=0 rest=$COMP_LINE breaks=\${COMP_WORDBREAKS//[^@=:]} word start=
  local -a words
  COMPREPLY=()
  # Bash ends words at @, = and :, too. What stands together in the line is one word.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    part=\${COMP_WORDS[i]}
    if [[ $count -gt 0 && -n $part && $rest == "$part"* ]]; then
      words[count - 1]+=$part
    else
      rest=\${rest#"\${rest%%[![:space:]]*}"}
      words[count++]=$part
    fi
    rest=\${rest#"$part"}
  done
  word=\${words[count - 1]}
  # It replaces only what stands behind the last of those characters.
  [[ -n $breaks ]] && start=\${word%"\${word##*[$breaks]}"}
  while IFS= read -r line; do
    case $line in
      :*) last=$line ;;
      *)
        line=\${line%%$'\\t'*}
        [[ $line == "$word"* ]] && COMPREPLY+=("\${line#"$start"}")
        ;;
    esac
  done < <(atlasc complete -- "\${words[@]:1}" 2>/dev/null)
  case $last in
    :protocols) compopt -o filenames; while IFS= read -r line; do COMPREPLY+=("\${line#"$start"}"); done < <(compgen -f -X '!*.atlas' -- "$word"; compgen -d -- "$word") ;;
    :folders) compopt -o filenames; while IFS= read -r line; do COMPREPLY+=("\${line#"$start"}"); done < <(compgen -d -- "$word") ;;
  esac
}
complete -F _atlasc atlasc`;

const zsh = `#compdef atlasc
# atlasc completion for zsh: eval "$(atlasc completion zsh)", behind compinit
_atlasc() {
  local line last
  local -a proposals
  while IFS= read -r line; do
    case $line in
      :*) last=$line ;;
      *) proposals+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
    esac
  done < <(atlasc complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#proposals} )) && _describe atlasc proposals
  case $last in
    :protocols) _files -g '*.atlas' ;;
    :folders) _files -/ ;;
  esac
}
if [[ $funcstack[1] == _atlasc ]]; then _atlasc "$@"; else compdef _atlasc atlasc; fi`;

const fish = `# atlasc completion for fish: atlasc completion fish | source
function __atlasc_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l lines (atlasc complete -- $words[2..-1] 2>/dev/null)
  for line in $lines
    switch $line
      case ':protocols'
        __fish_complete_suffix .atlas
      case ':folders'
        __fish_complete_directories
      case ':none'
      case '*'
        printf '%s\\n' $line
    end
  end
end
complete -c atlasc -f -a '(__atlasc_complete)'`;

const scripts: ReadonlyMap<string, string> = new Map([
  ["bash", bash],
  ["zsh", zsh],
  ["fish", fish],
]);

/** Prints the script for a shell. */
export function completionCommand(shell: string): number {
  const script = scripts.get(shell);
  if (script === undefined) {
    messages.line(`atlasc: there is no completion for ${shell}: there is one for ${[...scripts.keys()].join(", ")}`);
    return exitCodes.wrongInput;
  }
  output.verbatim(`${script}\n`);
  return exitCodes.done;
}

/** Prints what the last of the words can be. */
export async function completeCommand(program: Command, words: readonly string[]): Promise<number> {
  const { words: proposals, files } = await completed(program, words);
  const lines = proposals.map(({ word, description }) => `${word}\t${description.split("\n")[0] ?? ""}`);
  output.verbatim(`${[...lines, `:${files}`].join("\n")}\n`);
  return exitCodes.done;
}
