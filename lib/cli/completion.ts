/**
 * The command `completion`: a script for the shell, made of the program's own commands and flags, so that a new model needs
 * no change here. The script asks no process: a key press answers at once.
 */

import type { Command, Option } from 'commander';
import type { Context } from './context';
import { suggestions } from './flags';
import { say } from './report';

interface Flag {
  /** '--max-steps', and what else it is called. */
  readonly names: readonly string[];
  readonly text: string;
  /** Whether something follows it. */
  readonly takesValue: boolean;
  /** What may follow it; empty when that is a number or a file. */
  readonly values: readonly string[];
  /** Whether several of them, separated by commas, may. */
  readonly isList: boolean;
  /** Whether a file follows it. */
  readonly isFile: boolean;
}

interface Described {
  readonly name: string;
  readonly text: string;
  readonly flags: readonly Flag[];
  /** What may stand where no flag does; undefined for files. */
  readonly words: readonly string[] | undefined;
}

function describeFlag(option: Option): Flag {
  const { long, short, description, flags } = option;
  return {
    names: [long, short].filter((name) => name !== undefined),
    text: description.split(' (')[0] as string,
    takesValue: option.required,
    values: option.argChoices ?? suggestions.get(option) ?? [],
    isList: flags.includes(',…'),
    isFile: /<(?:file|\w+\.\w+)/.test(flags),
  };
}

/** Commands by what a shell needs to know of them, the program itself first. */
function describe(program: Command, models: readonly string[]): Described[] {
  const describeCommand = (command: Command, words: Described['words']): Described => ({
    name: command.name(),
    text: command.description(),
    flags: command.createHelp().visibleOptions(command).map(describeFlag),
    words,
  });
  const commands = program.createHelp().visibleCommands(program);
  return [
    describeCommand(
      program,
      commands.map((command) => command.name()),
    ),
    ...commands.map((command) => {
      const [argument] = command.registeredArguments;
      const words = { help: commands.map((other) => other.name()), models }[command.name()];
      const isFile = argument !== undefined && /file|data|^model$/.test(argument.name());
      return describeCommand(command, words ?? argument?.argChoices ?? (isFile ? undefined : []));
    }),
  ];
}

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

function bash([program, ...commands]: readonly Described[]): string {
  const { name, flags, words = [] } = program as Described;
  const namesOf = (list: readonly Flag[]) => list.flatMap((flag) => flag.names).join(' ');
  const values = (list: readonly Flag[]) => {
    const byMeaning = new Map<string, string[]>();
    for (const { names, values: known, isList, isFile, takesValue } of list) {
      if (!takesValue) continue;
      const kind = known.length === 0 ? (isFile ? 'file' : 'other') : isList ? 'list' : 'word';
      const meaning = `kind=${kind} words=${quote(known.join(' '))}`;
      byMeaning.set(meaning, [...(byMeaning.get(meaning) ?? []), ...names]);
    }
    return [...byMeaning]
      .map(([meaning, names]) => `        ${names.join('|')}) ${meaning} ;;\n`)
      .join('');
  };
  const branch = (command: Described) => `    ${command.name})
      flags=${quote(namesOf(command.flags))}
      ${command.words ? `kind=word words=${quote(command.words.join(' '))}` : 'kind=file'}
      case $previous in
${values(command.flags)}      esac ;;
`;
  return `# bash completion for ${name}: source <(${name} completion bash)
_${name.replaceAll('-', '_')}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  local command= word flags=${quote(namesOf(flags))} kind=word words=${quote(words.join(' '))}
  # "=" is a word of its own here.
  if [[ $current == '=' ]]; then current=; elif [[ $previous == '=' ]]; then previous=\${COMP_WORDS[COMP_CWORD-2]}; fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ " $words " == *" $word "* ]]; then command=$word; break; fi
  done
  case $command in
${commands.map(branch).join('')}  esac
  COMPREPLY=()
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
  elif [[ $kind == word ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  elif [[ $kind == list ]]; then
    local before=
    if [[ $current == *,* ]]; then before=\${current%,*},; fi
    COMPREPLY=($(compgen -P "$before" -W "$words" -- "\${current##*,}"))
  elif [[ $kind == file ]]; then
    local IFS=$'\\n'
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -F _${name.replaceAll('-', '_')} ${name}
`;
}

function zsh([program, ...commands]: readonly Described[]): string {
  const { name, flags } = program as Described;
  const text = (value: string) => value.replace(/[[\]:\\]/g, '\\$&');
  const action = ({ values, isList, isFile }: Flag) => {
    if (values.length > 0) {
      return isList ? `_values -s , value ${values.join(' ')}` : `(${values.join(' ')})`;
    }
    return isFile ? '_files' : ' ';
  };
  const specification = (flag: Flag) =>
    flag.names.map((flagName) => {
      const value = flag.takesValue ? `:value:${action(flag)}` : '';
      return quote(`*${flagName}[${text(flag.text)}]${value}`);
    });
  const lines = (list: readonly string[]) => list.map((line) => `          ${line}`).join(' \\\n');
  const rest = (words: Described['words']) =>
    quote(words ? `*:argument:(${words.join(' ')})` : '*:file:_files');
  const branch = (command: Described) => `      ${command.name})
        _arguments -s \\
${lines([...command.flags.flatMap(specification), rest(command.words)])} ;;
`;
  return `#compdef ${name}
# zsh completion for ${name}: source <(${name} completion zsh), after compinit
_${name.replaceAll('-', '_')}() {
  local state line
  local -a commands
  commands=(
${commands.map((command) => `    ${quote(`${command.name}:${text(command.text)}`)}\n`).join('')}  )
  _arguments -C ${flags.flatMap(specification).join(' ')} '1:command:->command' '*::argument:->argument'
  case $state in
    command) _describe command commands ;;
    argument) case $words[1] in
${commands.map(branch).join('')}    esac ;;
  esac
}
compdef _${name.replaceAll('-', '_')} ${name}
`;
}

function fish([program, ...commands]: readonly Described[]): string {
  const { name, flags } = program as Described;
  const line = (condition: string, rest: string) =>
    `complete -c ${name} -n ${quote(condition)} ${rest}\n`;
  const flagLines = (condition: string, list: readonly Flag[]) =>
    list
      .map(({ names, text, takesValue, values, isList, isFile }) => {
        const called = names.map((n) => (n.startsWith('--') ? `-l ${n.slice(2)}` : `-s ${n[1]}`));
        const words = values.join('\\n');
        const what = isList ? `(__fish_complete_list , 'printf "${words}\\n"')` : values.join(' ');
        const known =
          values.length > 0
            ? ` -x -a ${isList ? `"${what.replaceAll('"', '\\"')}"` : quote(what)}`
            : '';
        const value = known || (takesValue ? (isFile ? ' -r -F' : ' -x') : '');
        return line(condition, `${called.join(' ')}${value} -d ${quote(text)}`);
      })
      .join('');
  const of = (command: Described) => {
    const condition = `__fish_seen_subcommand_from ${command.name}`;
    const words = command.words
      ? line(condition, `-f -a ${quote(command.words.join(' '))}`)
      : line(condition, '-F');
    return words + flagLines(condition, command.flags);
  };
  const first = '__fish_use_subcommand';
  const start = commands.map(({ name: word, text }) =>
    line(first, `-f -a ${word} -d ${quote(text)}`),
  );
  return `# fish completion for ${name}: ${name} completion fish | source
${start.join('')}${flagLines(first, flags)}${commands.map(of).join('')}`;
}

const SCRIPTS = { bash, zsh, fish };

/** Shells that a script is written for. */
export const SHELLS = Object.keys(SCRIPTS) as (keyof typeof SCRIPTS)[];

/** `completion bash`. */
export function runCompletion(
  shell: keyof typeof SCRIPTS,
  program: Command,
  { registry }: Context,
): void {
  const models = registry().models.map(({ name }) => name.toLowerCase());
  say(SCRIPTS[shell](describe(program, models)));
}
