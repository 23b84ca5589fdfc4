# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Completion for bash. Commands and options are asked of the binary, so this file needs no list of them.

_caisson_words() {
    # First words of the indented lines of --help: commands, or options with their dashes.
    "${COMP_WORDS[0]}" "$@" --help 2>/dev/null | grep -oE -- "$_caisson_pattern" | tr -d ' ,'
}

_caisson() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command='' i word
    local _caisson_pattern

    _caisson_pattern='^  [a-z]+ '
    local commands
    commands=$(_caisson_words)
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if grep -qx -- "$word" <<<"$commands"; then
            command=$word
            break
        fi
    done

    case $previous in
    --root | --bundle | -b)
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        return
        ;;
    --log | --pid-file | --config | --file)
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    --log-format)
        mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$current")
        return
        ;;
    esac
    if [[ $current == -* ]]; then
        _caisson_pattern='--[a-z-]+|^  -[a-z],'
        mapfile -t COMPREPLY < <(compgen -W "$(_caisson_words ${command:+"$command"})" -- "$current")
    elif [[ -z $command ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$current")
    else
        case $command in
        start | state | kill | delete)
            mapfile -t COMPREPLY < <(compgen -W "$("${COMP_WORDS[0]}" list -q 2>/dev/null)" -- "$current")
            ;;
        esac
    fi
}
complete -F _caisson caisson
